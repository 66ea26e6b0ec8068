using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Questions to the cluster's authorizer: whether somebody may do something.</summary>
internal static class AuthorizerLibrary
{
    /// <summary>What a question costs: it is work for somebody else.</summary>
    private const long CheckCost = 350_000;

    public static void AddTo(FunctionTable table)
    {
        var (authorizer, path, group, resource, decision) =
            (CelAuthorizer.AuthorizerType, CelAuthorizer.PathType, CelAuthorizer.GroupType, CelAuthorizer.ResourceType, CelDecision.DecisionType);
        foreach (var type in (CelType[])[authorizer, path, group, resource, decision])
        {
            table.Type(type);
        }

        table.Method("path", [authorizer, CelType.String], path, static arguments => (string)arguments[1] is { Length: > 0 } text
            ? Of(arguments).As(CelAuthorizer.PathType, check => check with { Path = text }) : new CelError("path must not be empty"));
        table.Method("group", [authorizer, CelType.String], group,
            static arguments => Of(arguments).As(CelAuthorizer.GroupType, check => check with { Group = (string)arguments[1] }));
        table.Method("serviceAccount", [authorizer, CelType.String, CelType.String], authorizer, static arguments => Of(arguments).As(
            CelAuthorizer.AuthorizerType, check => check with { ServiceAccount = ((string)arguments[1], (string)arguments[2]) }));
        table.Method("resource", [group, CelType.String], resource,
            static arguments => Of(arguments).As(CelAuthorizer.ResourceType, check => check with { Resource = (string)arguments[1] }));
        Add("subresource", static (check, text) => check with { Subresource = text });
        Add("namespace", static (check, text) => check with { Namespace = text });
        Add("name", static (check, text) => check with { Name = text });
        Add("fieldSelector", static (check, text) => check with { FieldSelector = text });
        Add("labelSelector", static (check, text) => check with { LabelSelector = text });
        table.Method("check", [path, CelType.String], decision, Ask, static _ => CheckCost);
        table.Method("check", [resource, CelType.String], decision, Ask, static _ => CheckCost);
        table.Method("allowed", [decision], CelType.Bool, static arguments => ((CelDecision)arguments[0]).IsAllowed);
        table.Method("reason", [decision], CelType.String, static arguments => ((CelDecision)arguments[0]).Reason);
        table.Method("errored", [decision], CelType.Bool, static arguments => ((CelDecision)arguments[0]).Error.Length > 0);
        table.Method("error", [decision], CelType.String, static arguments => ((CelDecision)arguments[0]).Error);

        void Add(string name, Func<CelAccessCheck, string, CelAccessCheck> change) => table.Method(
            name, [resource, CelType.String], resource, arguments => Of(arguments).As(CelAuthorizer.ResourceType, check => change(check, (string)arguments[1])));
    }

    private static CelAuthorizer Of(object[] arguments) => (CelAuthorizer)arguments[0];

    private static object Ask(object[] arguments) => Of(arguments).Ask(Of(arguments).Check with { Verb = (string)arguments[1] });
}
