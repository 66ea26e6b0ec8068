using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>
/// The paths of resources with the operations that are allowed there. Clients read three things from them: the kind of
/// a path, and whether <c>dryRun</c> and <c>fieldValidation</c> are understood.
/// </summary>
internal sealed class PathSet(OpenApiDialect dialect, DefinitionSet definitions)
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];
    private static readonly string[] DeleteParameters = ["dryRun", "gracePeriodSeconds", "propagationPolicy"];
    private static readonly string[] ListParameters =
        ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "timeoutSeconds", "watch"];

    private readonly JsonObject _paths = [];

    public JsonObject Paths => _paths;

    public void Add(ServedResource served)
    {
        if (served.Schema is null)
        {
            return;
        }

        var resource = served.Resource;
        var schema = definitions.AddKind(served);
        var root = resource.Group.Length == 0 ? $"/api/{resource.Version}" : $"/apis/{resource.ApiVersion}";
        var collection = $"{root}/{(resource.Namespaced ? "namespaces/{namespace}/" : "")}{resource.Plural}";
        AddPath(collection, resource, schema, [("get", "list", ListParameters), ("post", "create", WriteParameters), ("delete", "deletecollection", DeleteParameters)]);
        AddPath($"{collection}/{{name}}", resource, schema,
            [("get", "get", []), ("put", "update", WriteParameters), ("patch", "patch", ["force", .. WriteParameters]), ("delete", "delete", DeleteParameters)]);
        if (resource.Namespaced && resource.Verbs.Contains("list"))
        {
            AddPath($"{root}/{resource.Plural}", resource, schema, [("get", "list", ListParameters)]);
        }
    }

    private void AddPath(string path, ApiResource resource, string schema, IEnumerable<(string Method, string Verb, string[] Parameters)> operations)
    {
        var item = new JsonObject();
        foreach (var (method, verb, parameters) in operations.Where(operation => resource.Verbs.Contains(operation.Verb)))
        {
            item[method] = Operation(path, resource, schema, verb, method, parameters);
        }

        if (item.Count > 0)
        {
            _paths[path] = item;
        }
    }

    private JsonObject Operation(string path, ApiResource resource, string schema, string verb, string method, string[] queryParameters)
    {
        var namespaced = path.Contains("{namespace}", StringComparison.Ordinal);
        var parameters = new JsonArray();
        if (namespaced)
        {
            parameters.Add(Parameter("namespace", "path"));
        }

        if (path.EndsWith("{name}", StringComparison.Ordinal))
        {
            parameters.Add(Parameter("name", "path"));
        }

        foreach (var name in queryParameters)
        {
            parameters.Add(Parameter(name, "query"));
        }

        var operation = new JsonObject
        {
            ["operationId"] = OpenApiNames.Operation(verb, resource, namespaced),
            ["parameters"] = parameters,
            ["responses"] = new JsonObject { ["200"] = Response(schema) },
            ["x-kubernetes-action"] = method == "post" ? "post" : verb,
            ["x-kubernetes-group-version-kind"] = DefinitionSet.GroupVersionKind(new ObjectKind(resource.ApiVersion, resource.Kind)),
        };
        return operation;
    }

    private JsonObject Response(string schema) => dialect.Version3
        ? new JsonObject { ["description"] = "OK", ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = definitions.ReferenceTo(schema) } } }
        : new JsonObject { ["description"] = "OK", ["schema"] = definitions.ReferenceTo(schema) };

    private JsonObject Parameter(string name, string place)
    {
        var type = name switch
        {
            "limit" or "timeoutSeconds" or "gracePeriodSeconds" => "integer",
            "watch" or "allowWatchBookmarks" or "force" => "boolean",
            _ => "string",
        };
        var parameter = new JsonObject { ["name"] = name, ["in"] = place };
        if (place == "path")
        {
            parameter["required"] = true;
        }

        if (dialect.Version3)
        {
            parameter["schema"] = new JsonObject { ["type"] = type };
        }
        else
        {
            parameter["type"] = type;
        }

        return parameter;
    }
}
