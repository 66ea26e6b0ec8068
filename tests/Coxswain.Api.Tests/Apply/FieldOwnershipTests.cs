using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests.Apply;

public class FieldOwnershipTests
{
    private const string Map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
    private const string Deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n";

    private readonly Owners _map = Owners.OfKind("v1", "ConfigMap");
    private readonly Owners _deployment = Owners.OfKind("apps/v1", "Deployment");

    [Fact]
    public void Update_Create_OwnsWhatKubernetesSaysItDoes()
    {
        _deployment.Update("kubectl-create", Deployment + """
            spec:
              replicas: 1
              selector: {matchLabels: {app: d}}
              strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
              template:
                metadata: {labels: {app: d}}
                spec:
                  containers:
                  - {name: web, image: "nginx:1", ports: [{containerPort: 80, protocol: TCP}], resources: {}}
                  securityContext: {}
            """);
        Assert.Equal(
            """{"f:spec":{"f:replicas":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}},"f:securityContext":{}}}}}""",
            _deployment.FieldsOf("kubectl-create"));
    }

    [Fact]
    public void Apply_Configuration_OwnsItsLeaves()
    {
        _deployment.Apply("a", Deployment + "spec: {replicas: 2, template: {spec: {containers: [{name: web, image: i, ports: [{containerPort: 80}]}]}}}");
        Assert.Equal(
            """{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}""",
            _deployment.FieldsOf("a"));
    }

    [Fact]
    public void Apply_WhatAnotherManagerOwns_IsAConflictUnlessForced()
    {
        _map.Apply("a", Map + "data: {x: '1', z: '1'}");
        var conflict = _map.Apply("b", Map + "data: {x: '2'}");
        Assert.Null(conflict.Document);
        Assert.Equal("conflict with \"a\": .data.x", Assert.Single(conflict.Conflicts.Select(one => $"conflict with {one.Manager}: {one.Path}")));

        Assert.Empty(_map.Apply("b", Map + "data: {x: '2'}", force: true).Conflicts);
        Assert.Equal("""{"f:data":{"f:z":{}}}""", _map.FieldsOf("a"));
        Assert.Equal("""{"f:data":{"f:x":{}}}""", _map.FieldsOf("b"));
        Assert.Equal("2", (string?)_map.Live["data"]!["x"]);
    }

    [Fact]
    public void Apply_SameValue_IsShared()
    {
        _map.Apply("a", Map + "data: {x: '1'}");
        _map.Apply("b", Map + "data: {x: '1'}");
        Assert.Equal(_map.FieldsOf("a"), _map.FieldsOf("b"));

        // Who shares a field and stops saying it does not take it away.
        _map.Apply("a", Map);
        Assert.Null(_map.FieldsOf("a"));
        Assert.Equal("1", (string?)_map.Live["data"]!["x"]);
        _map.Apply("b", Map);
        Assert.Null(_map.Live["data"]);
    }

    [Fact]
    public void Apply_FieldGivenUp_IsRemoved()
    {
        _deployment.Apply("a", Deployment + "spec: {replicas: 2, paused: true, template: {spec: {containers: [{name: web, image: i}, {name: side, image: s}]}}}");
        _deployment.Apply("a", Deployment + "spec: {template: {spec: {containers: [{name: web, image: i}]}}}");
        var spec = _deployment.Live["spec"]!.AsObject();
        Assert.False(spec.ContainsKey("replicas"));
        Assert.False(spec.ContainsKey("paused"));
        Assert.Equal("web", (string?)Assert.Single(spec["template"]!["spec"]!["containers"]!.AsArray())!["name"]);
    }

    [Fact]
    public void Apply_ItemGivenUpThatOthersAddedTo_KeepsWhatIsTheirs()
    {
        _deployment.Apply("a", Deployment + "spec: {template: {spec: {containers: [{name: web, image: i, command: [c]}]}}}");
        _deployment.Apply("b", Deployment + "spec: {template: {spec: {containers: [{name: web, workingDir: /w}]}}}");
        _deployment.Apply("a", Deployment);
        var container = Assert.Single(_deployment.Live["spec"]!["template"]!["spec"]!["containers"]!.AsArray())!.AsObject();
        Assert.Equal(["name", "workingDir"], container.Select(field => field.Key).Order());
    }

    [Fact]
    public void Apply_ListOfMaps_KeepsTheOrderOfBoth()
    {
        _deployment.Apply("a", Deployment + "spec: {template: {spec: {containers: [{name: a, image: i}, {name: c, image: i}]}}}");
        _deployment.Apply("b", Deployment + "spec: {template: {spec: {containers: [{name: b, image: i}, {name: c, tty: true}]}}}");
        Assert.Equal(["a", "b", "c"], _deployment.Live["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Select(item => (string?)item!["name"]));
    }

    [Fact]
    public void Apply_SetAndAtomicList_ByItemAndWhole()
    {
        var pods = Owners.OfKind("v1", "Pod");
        const string pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  finalizers: ";
        pods.Apply("a", pod + "[a/a, b/b]\nspec: {containers: [{name: c, command: [x, y]}]}");
        pods.Apply("b", pod + "[b/b, c/c]");
        Assert.Equal(["a/a", "b/b", "c/c"], pods.Live["metadata"]!["finalizers"]!.AsArray().Select(item => (string?)item));
        pods.Apply("a", pod + "[b/b]\nspec: {containers: [{name: c, command: [z]}]}");
        Assert.Equal(["b/b", "c/c"], pods.Live["metadata"]!["finalizers"]!.AsArray().Select(item => (string?)item));
        Assert.Equal("""["z"]""", pods.Live["spec"]!["containers"]![0]!["command"]!.ToJsonString());
        Assert.Equal("""{"f:metadata":{"f:finalizers":{"v:\"b/b\"":{},"v:\"c/c\"":{}}}}""", pods.FieldsOf("b"));
    }

    [Fact]
    public void Apply_AfterUpdate_TellsWhoUpdated()
    {
        _map.Update("kubectl-create", Map + "data: {x: '1'}");
        var result = _map.Apply("a", Map + "data: {x: '2'}");
        Assert.Equal("\"kubectl-create\" using v1", Assert.Single(result.Conflicts).Manager.ToString());
    }

    [Fact]
    public void Apply_ObjectWithoutOwners_BelongsToWhoWasThereBefore()
    {
        _map.Update("x", Map + "data: {x: '1'}");
        var live = (JsonObject)_map.Live.DeepClone();
        var schema = Schemas.Find(new ObjectKind("v1", "ConfigMap"))!;
        var result = new FieldOwnership(schema, _map, set => set, "t").Apply(
            ManagedFields.None, live, _map.Parse(Map + "data: {y: '1'}"), new FieldManager("a", true, "v1"), force: false);
        Assert.Equal(["a", "before-first-apply"], result.Managed.Entries.Select(entry => entry.Manager.Name));
    }

    [Fact]
    public void Update_TakesWhatItChanges_AndNobodyOwnsWhatItRemoves()
    {
        _map.Apply("a", Map + "data: {x: '1', y: '1', z: '1'}");
        _map.Update("b", Map + "data: {x: '2', z: '1'}");
        Assert.Equal("""{"f:data":{"f:z":{}}}""", _map.FieldsOf("a"));
        Assert.Equal("""{"f:data":{"f:x":{}}}""", _map.FieldsOf("b"));
    }

    [Fact]
    public void Update_Nothing_KeepsTheTime()
    {
        _map.Update("a", Map + "data: {x: '1'}");
        var before = _map.Managed;
        _map.Update("a", Map + "data: {x: '1'}");
        Assert.Same(before, _map.Managed);
    }

    [Fact]
    public void Update_SameFieldsAgain_MovesTheTimeAlone()
    {
        _map.Update("a", Map + "data: {x: '1'}");
        var (fields, time) = (_map.Managed.Entries[0].Fields, _map.TimeOf("a"));
        _map.Update("a", Map + "data: {x: '2'}");
        Assert.Same(fields, _map.Managed.Entries[0].Fields);
        Assert.NotEqual(time, _map.TimeOf("a"));
    }

    [Fact]
    public void Update_ByMoreManagersThanAreKept_MergesTheOldest()
    {
        for (var i = 0; i < ManagedFields.MostUpdateManagers + 3; i++)
        {
            _map.Update($"m{i:D2}", Map + $"data: {{{string.Join(", ", Enumerable.Range(0, i + 1).Select(key => $"k{key:D2}: v"))}}}");
        }

        Assert.Equal(ManagedFields.MostUpdateManagers, _map.Managed.Entries.Count);
        Assert.Equal("""{"f:data":{".":{},"f:k00":{},"f:k01":{},"f:k02":{},"f:k03":{}}}""", _map.FieldsOf("ancient-changes"));
    }

    [Fact]
    public void Update_Status_IsAnEntryOfItsOwn()
    {
        _deployment.Update("kubelet", Deployment + "spec: {replicas: 1}");
        _deployment.Update("kubelet", Deployment + "spec: {replicas: 1}\nstatus: {replicas: 1}", "status");
        Assert.Equal(["", "status"], _deployment.Managed.Entries.Select(entry => entry.Manager.Subresource));
    }

    [Fact]
    public void Update_ItemsOfOneName_AreOwnedTogether()
    {
        const string twice = "spec: {template: {spec: {containers: [{name: a, env: [{name: X, value: '1'}, {name: X, value: '2'}]}]}}}";
        _deployment.Update("a", Deployment + twice);
        Assert.Contains("""f:env":{".":{},"k:{\"name\":\"X\"}":{}}""", _deployment.FieldsOf("a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Reconcile_ListThatBecameOneValue_IsOwnedAsOne()
    {
        var before = new Owners(Custom("map"), "x/v1");
        const string yaml = "apiVersion: x/v1\nkind: X\nmetadata: {name: x}\nspec: {items: [{name: a, v: 1}]}";
        before.Apply("a", yaml);
        Assert.Equal("""{"f:spec":{"f:items":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:v":{}}}}}""", before.FieldsOf("a"));
        var after = new Owners(Custom("atomic"), "x/v1");
        var result = new FieldOwnership(Custom("atomic"), after, set => set, "t").Apply(
            before.Managed, before.Live, before.Parse(yaml.Replace("v: 1", "v: 2", StringComparison.Ordinal)), new FieldManager("b", true, "x/v1"), force: false);
        Assert.Equal(".spec.items", Assert.Single(result.Conflicts).Path);
    }

    [Fact]
    public void Apply_WhatACustomResourceDoesNotName_IsOwnedByItsKeys()
    {
        var owners = new Owners(Custom("map"), "x/v1");
        const string yaml = "apiVersion: x/v1\nkind: X\nmetadata: {name: x}\nspec: ";
        owners.Apply("a", yaml + "{free: {a: 1, b: {c: [1, 2]}}}");
        Assert.Equal("""{"f:spec":{"f:free":{"f:a":{},"f:b":{".":{},"f:c":{}}}}}""", owners.FieldsOf("a"));
        owners.Apply("a", yaml + "{free: {a: 1}}");
        Assert.Equal("""{"a":1}""", owners.Live["spec"]!["free"]!.ToJsonString());
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        _map.Apply("a", Map + "data: {x: '1'}");
        _map.Update("b", Map + "data: {x: '1', y: '2'}", "status");
        var written = _map.Written();
        var read = ManagedFields.ReadObject(Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"m","managedFields":{{{written}}}},"data":{}}"""));
        Assert.True(read.HasSameFields(_map.Managed));
        Assert.Equal(_map.Managed.Entries.Select(entry => entry.Time), read.Entries.Select(entry => entry.Time));
        Assert.StartsWith("""[{"manager":"a","operation":"Apply","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:x":{}}}},""", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"m","managedFields":[{"a":[]}],"uid":"u"},"x":1}""", """{"metadata":{"name":"m","uid":"u"},"x":1}""")]
    [InlineData("""{"metadata":{"name":"m","managedFields":[]},"x":1}""", """{"metadata":{"name":"m"},"x":1}""")]
    [InlineData("""{"metadata":{"managedFields":[],"name":"m"},"x":1}""", """{"metadata":{"name":"m"},"x":1}""")]
    [InlineData("""{"metadata":{"managedFields":[]}}""", """{"metadata":{}}""")]
    [InlineData("""{"metadata":{"labels":{"managedFields":"x"}},"spec":{"managedFields":[]}}""", null)]
    [InlineData("""{"metadata":1}""", null)]
    public void Locate_WhereAnObjectSaysWhoOwnsWhat_LeavesJsonWithoutIt(string json, string? left)
    {
        var utf8 = Encoding.UTF8.GetBytes(json);
        var (start, length) = ManagedFields.Locate(utf8).GetOffsetAndLength(utf8.Length);
        Assert.Equal(left ?? json, json.Remove(start, length));
    }

    [Theory]
    [InlineData("""[{"manager":"a","operation":"Take","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"a","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:a":{}}}]""")]
    [InlineData("""[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsV1":{"f:a":{}}}]""")]
    [InlineData("""[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"a":{}}}]""")]
    [InlineData("[1]")]
    [InlineData("{}")]
    public void Parse_WhatIsNoListOfOwners_IsNull(string json) => Assert.Null(ManagedFields.Parse(JsonNode.Parse(json)));

    private static Schema Custom(string listType) => StructuralSchema.ReadRoot(JsonNode.Parse("""
        {"type":"object","properties":{"spec":{"type":"object","properties":{
          "items":{"type":"array","x-kubernetes-list-type":"LIST","x-kubernetes-list-map-keys":["name"],
            "items":{"type":"object","properties":{"name":{"type":"string"},"v":{"type":"integer"}}}},
          "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}
        """.Replace("LIST", listType, StringComparison.Ordinal))!.AsObject());
}
