using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Tests.Admission;

/// <summary>Policies are expressions that the server itself evaluates about every write.</summary>
public sealed class AdmissionPolicyTests : IAsyncLifetime
{
    private const string Group = "/apis/admissionregistration.k8s.io/v1/";
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string ConfigMapRules = """
        "matchConstraints":{"resourceRules":[{"operations":["CREATE","UPDATE","DELETE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]}
        """;
    private const string DeploymentRules = """
        "matchConstraints":{"resourceRules":[{"operations":["CREATE","UPDATE"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]}]}
        """;

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Validation_ThatFails_RefusesInKubernetesWords()
    {
        await PolicyAsync("p", DeploymentRules + ""","validations":[{"expression":"object.spec.replicas <= 5"}]""");
        await BindAsync("b", "p");
        (await _server.PostAsync(Deployments, Deployment("small", 5))).Expect(201);
        var refused = (await _server.PostAsync(Deployments, Deployment("large", 6))).Expect(422);
        Assert.Equal(
            "deployments.apps \"large\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas <= 5",
            refused.Message);
        Assert.Equal("Invalid", refused.Reason);
        (await _server.PatchAsync(Deployments + "/small", """{"spec":{"replicas":6}}""")).Expect(422);
        (await _server.SendAsync(HttpMethod.Delete, $"{Group}validatingadmissionpolicybindings/b")).Expect(200);
        (await _server.PatchAsync(Deployments + "/small", """{"spec":{"replicas":6}}""")).Expect(200);
    }

    [Fact]
    public async Task Messages_Reasons_AndVariables()
    {
        await PolicyAsync("p", ConfigMapRules + """
            ,"variables":[{"name":"size","expression":"has(object.data) ? size(object.data) : 0"},{"name":"over","expression":"variables.size - 1"}],
            "matchConditions":[{"name":"not-deleted","expression":"request.operation != 'DELETE'"}],
            "validations":[{"expression":"variables.over <= 0","messageExpression":"'too many by ' + string(variables.over)","message":"too many","reason":"Forbidden"}]
            """);
        await BindAsync("b", "p");
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"1"}}""")).Expect(201);
        var refused = (await _server.PatchAsync(ConfigMaps + "/a", """{"data":{"y":"1","z":"1"}}""")).Expect(403);
        Assert.EndsWith("denied request: too many by 2", refused.Message, StringComparison.Ordinal);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
    }

    [Fact]
    public async Task Warn_LetsTheWriteBe()
    {
        await PolicyAsync("p", ConfigMapRules + ""","validations":[{"expression":"object.metadata.name != 'a'","message":"not that name"}]""");
        await BindAsync("b", "p", actions: "\"Warn\",\"Audit\"");
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        Assert.Contains(created.Warnings, warning => warning.Contains(
            "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': not that name", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Fail", 422)]
    [InlineData("Ignore", 201)]
    public async Task Error_GoesByTheFailurePolicy(string policy, int code)
    {
        await PolicyAsync("p", $$"""{{ConfigMapRules}},"failurePolicy":"{{policy}}","validations":[{"expression":"object.data.nothing == 'x'"}]""");
        await BindAsync("b", "p");
        var answer = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"},"data":{"x":"1"}}""")).Expect(code);
        Assert.Equal(code == 422, answer.Text.Contains("expression 'object.data.nothing == 'x'' resulted in error: no such key: nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Params_AreReadWhereTheBindingSays()
    {
        await PolicyAsync("p", """
            "paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
            """ + DeploymentRules + ""","validations":[{"expression":"object.spec.replicas <= int(params.data.max)","messageExpression":"'at most ' + params.data.max"}]""");
        await BindAsync("b", "p", more: ""","paramRef":{"name":"limits","parameterNotFoundAction":"Deny"}""");
        var missing = (await _server.PostAsync(Deployments, Deployment("a", 3))).Expect(422);
        Assert.EndsWith("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction", missing.Message, StringComparison.Ordinal);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"limits"},"data":{"max":"2"}}""")).Expect(201);
        Assert.EndsWith("at most 2", (await _server.PostAsync(Deployments, Deployment("a", 3))).Expect(422).Message, StringComparison.Ordinal);
        (await _server.PatchAsync(ConfigMaps + "/limits", """{"data":{"max":"3"}}""")).Expect(200);
        (await _server.PostAsync(Deployments, Deployment("a", 3))).Expect(201);
    }

    [Fact]
    public async Task Params_BySelector_AllCount_AndNoneMayBeAllowed()
    {
        await PolicyAsync("p", "\"paramKind\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}," + DeploymentRules
            + ""","validations":[{"expression":"object.spec.replicas <= int(params.data.max)"}]""");
        await BindAsync("b", "p", more: ""","paramRef":{"selector":{"matchLabels":{"limits":"yes"}},"parameterNotFoundAction":"Allow"}""");
        (await _server.PostAsync(Deployments, Deployment("a", 9))).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"one","labels":{"limits":"yes"}},"data":{"max":"9"}}""")).Expect(201);
        (await _server.PostAsync(Deployments, Deployment("b", 9))).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"two","labels":{"limits":"yes"}},"data":{"max":"8"}}""")).Expect(201);
        (await _server.PostAsync(Deployments, Deployment("c", 9))).Expect(422);
    }

    [Fact]
    public async Task Authorizer_NamespaceAndRequest_AreKnown()
    {
        (await _server.PatchAsync("/api/v1/namespaces/default", """{"metadata":{"labels":{"tier":"gold"}}}""")).Expect(200);
        await PolicyAsync("p", ConfigMapRules + """
            ,"validations":[
            {"expression":"authorizer.requestResource.check('delete').allowed() && authorizer.path('/metrics').check('get').allowed()"},
            {"expression":"!authorizer.serviceAccount('default', 'default').group('').resource('secrets').namespace('default').check('get').allowed()"},
            {"expression":"namespaceObject.metadata.labels['tier'] == 'gold' && request.kind.kind == 'ConfigMap' && request.userInfo.username == 'kubernetes-admin'"},
            {"expression":"request.operation != 'DELETE' || (object == null && oldObject.metadata.namespace == 'default')"}]
            """);
        await BindAsync("b", "p");
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, ConfigMaps + "/a")).Expect(200);
    }

    [Fact]
    public async Task Binding_NarrowsWhereThePolicyCounts_AndRulesMayExclude()
    {
        await PolicyAsync("p", """
            "matchConstraints":{"resourceRules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*"]}],
            "excludeResourceRules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"resourceNames":["free"]}]},
            "validations":[{"expression":"false","message":"never"}]
            """);
        await BindAsync("b", "p", more: ""","matchResources":{"namespaceSelector":{"matchLabels":{"guarded":"yes"}},"objectSelector":{"matchExpressions":[{"key":"open","operator":"DoesNotExist"}]}}""");
        (await _server.PostAsync("/api/v1/namespaces", """{"metadata":{"name":"guarded","labels":{"guarded":"yes","open":"yes"}}}""")).Expect(201);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        const string Guarded = "/api/v1/namespaces/guarded/configmaps";
        (await _server.PostAsync(Guarded, """{"metadata":{"name":"a"}}""")).Expect(422);
        (await _server.PostAsync(Guarded, """{"metadata":{"name":"a","labels":{"open":"yes"}}}""")).Expect(201);
        (await _server.PostAsync(Guarded, """{"metadata":{"name":"free"}}""")).Expect(201);

        // What could not be undone otherwise is never asked about.
        (await _server.SendAsync(HttpMethod.Delete, $"{Group}validatingadmissionpolicies/p")).Expect(200);
        (await _server.PostAsync(Guarded, """{"metadata":{"name":"b"}}""")).Expect(201);
    }

    [Theory]
    [InlineData("object.spec.", "compilation failed: ERROR: <input>:1:13")]
    [InlineData("1 + 1", "must evaluate to bool")]
    [InlineData("params.data.x == 'y'", "undeclared reference to 'params'")]
    [InlineData("request.nothing == 'y'", "undefined field 'nothing'")]
    public async Task Policy_WithAnExpressionThatIsNone_IsRefused(string expression, string message)
    {
        var answer = (await _server.PostAsync(
            Group + "validatingadmissionpolicies", Body("ValidatingAdmissionPolicy", "p", $$"""{{ConfigMapRules}},"validations":[{"expression":"{{expression}}"}]"""))).Expect(422);
        Assert.Contains("spec.validations[0].expression: Invalid value", answer.Message, StringComparison.Ordinal);
        Assert.Contains(message, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_SaysWhichFieldsThereAreNot()
    {
        await PolicyAsync("p", DeploymentRules + ""","validations":[{"expression":"object.spec.replicas <= 5"},{"expression":"object.spec.replica <= 5"}]""");
        var status = await UntilObservedAsync("p");
        var warning = Assert.Single(status["typeChecking"]!["expressionWarnings"]!.AsArray())!;
        Assert.Equal("spec.validations[1].expression", (string?)warning["fieldRef"]);
        Assert.StartsWith("apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'", (string?)warning["warning"], StringComparison.Ordinal);
    }

    /// <summary>The status once somebody looked at the policy.</summary>
    private async Task<JsonObject> UntilObservedAsync(string name)
    {
        using var message = new HttpRequestMessage(
            HttpMethod.Get, $"{Group}validatingadmissionpolicies?watch=1&timeoutSeconds=30&fieldSelector=metadata.name%3D{name}") { Version = new Version(2, 0) };
        using var answer = await _server.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { } line)
        {
            if (JsonNode.Parse(line)!["object"]!["status"] is JsonObject { Count: > 0 } status && status["observedGeneration"] is not null)
            {
                return status;
            }
        }

        throw new InvalidOperationException("nobody looked at the policy");
    }

    [Fact]
    public async Task Mutation_ApplyConfiguration_MergesByTheSchema()
    {
        await MutationAsync("m", DeploymentRules, """
            {"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{metadata: Object.metadata{labels: {'by': 'policy'}}, spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'sidecar', image: 'side'}]}}}}"}}
            """);
        var created = (await _server.PostAsync(Deployments, Deployment("a", 1))).Expect(201).Json;
        Assert.Equal("policy", (string?)created["metadata"]!["labels"]!["by"]);
        Assert.Equal(["c", "sidecar"], created["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Select(container => (string?)container!["name"]).Order());
        Assert.All(created["spec"]!["template"]!["spec"]!["containers"]!.AsArray(), container => Assert.NotNull(container!["imagePullPolicy"]));
    }

    [Fact]
    public async Task Mutation_JsonPatch_IsApplied()
    {
        await MutationAsync("m", ConfigMapRules, """
            {"patchType":"JSONPatch","jsonPatch":{"expression":"[JSONPatch{op: 'add', path: '/metadata/labels', value: {}}, JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/a'), value: 'b'}]"}}
            """);
        var created = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201).Json;
        Assert.Equal("b", (string?)created["metadata"]!["labels"]!["example.com/a"]);
    }

    [Fact]
    public async Task Mutation_WithAMistakenPlace_IsRefusedByTheFailurePolicy()
    {
        await MutationAsync("m", ConfigMapRules, """
            {"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{metadata: Object.spec{labels: {'a': 'b'}}}"}}
            """);
        var refused = (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(422);
        Assert.Contains("unexpected type name \"Object.spec\", expected \"Object.metadata\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mutation_OfTheWrongType_IsRefusedWhenItIsWritten()
    {
        const string spec = ConfigMapRules + ""","reinvocationPolicy":"Never","mutations":[{"patchType":"JSONPatch","jsonPatch":{"expression":"Object{}"}}]""";
        var answer = (await _server.PostAsync(Group + "mutatingadmissionpolicies", Body("MutatingAdmissionPolicy", "m", spec))).Expect(422);
        Assert.Contains("must evaluate to list(JSONPatch)", answer.Message, StringComparison.Ordinal);
    }

    private async Task PolicyAsync(string name, string spec) =>
        (await _server.PostAsync(Group + "validatingadmissionpolicies", Body("ValidatingAdmissionPolicy", name, spec))).Expect(201);

    private async Task BindAsync(string name, string policy, string actions = "\"Deny\"", string more = "") => (await _server.PostAsync(
        Group + "validatingadmissionpolicybindings",
        Body("ValidatingAdmissionPolicyBinding", name, "\"policyName\":\"" + policy + "\",\"validationActions\":[" + actions + "]" + more))).Expect(201);

    private async Task MutationAsync(string name, string rules, string mutation)
    {
        (await _server.PostAsync(Group + "mutatingadmissionpolicies", Body(
            "MutatingAdmissionPolicy", name, $"""{rules},"reinvocationPolicy":"IfNeeded","mutations":[{mutation}]"""))).Expect(201);
        (await _server.PostAsync(Group + "mutatingadmissionpolicybindings", Body(
            "MutatingAdmissionPolicyBinding", name, $"\"policyName\":\"" + name + "\""))).Expect(201);
    }

    private static string Body(string kind, string name, string spec) =>
        "{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"" + kind + "\",\"metadata\":{\"name\":\"" + name + "\"},\"spec\":{" + spec + "}}";

    private static string Deployment(string name, int replicas) => new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["replicas"] = replicas,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["a"] = "b" } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } },
                ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "i" }) },
            },
        },
    }.ToJsonString();
}
