using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;

namespace Coxswain.Api.Errors;

/// <summary>
/// The API server's refusals, in Kubernetes' own words. <c>resource</c> is the qualified name
/// (<c>deployments.apps</c>), <c>kind</c> the qualified kind (<c>Deployment.apps</c>).
/// </summary>
public static class Statuses
{
    public static Status Success() => new() { StatusValue = "Success", Code = 200 };

    /// <summary>An object was deleted, or will be once its finalizers are done.</summary>
    public static Status Deleted(ApiResource resource, string name, string uid) => new()
    {
        StatusValue = "Success",
        Details = new() { Name = name, Group = resource.Group, Kind = resource.Plural, Uid = uid },
    };

    public static Status NotFound(string resource, string name) =>
        Of(404, StatusReason.NotFound, $"{resource} \"{name}\" not found", Details(resource, name));

    /// <summary>No such resource, as for a path the server does not know.</summary>
    public static Status ResourceNotFound() =>
        Of(404, StatusReason.NotFound, "the server could not find the requested resource", new StatusDetails());

    public static Status AlreadyExists(string resource, string name) =>
        Of(409, StatusReason.AlreadyExists, $"{resource} \"{name}\" already exists", Details(resource, name));

    /// <summary>A name that generateName made exists already; the client may try again.</summary>
    public static Status GenerateNameConflict(string resource, string name, int retryAfterSeconds = 1) =>
        Of(409, StatusReason.AlreadyExists,
            $"{resource} \"{name}\" already exists, the server was not able to generate a unique name for the object",
            Details(resource, name) with { RetryAfterSeconds = retryAfterSeconds });

    /// <summary>The resourceVersion of an update is not the current one.</summary>
    public static Status Conflict(string resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static Status Conflict(string resource, string name, string message) =>
        Of(409, StatusReason.Conflict, $"Operation cannot be fulfilled on {resource} \"{name}\": {message}", Details(resource, name));

    /// <summary>An apply would change what other managers own.</summary>
    public static Status ApplyConflict(string message, IReadOnlyList<StatusCause> causes) =>
        Of(409, StatusReason.Conflict, message, new StatusDetails { Causes = causes });

    /// <summary>A precondition of a delete or update names another object than the stored one.</summary>
    public static Status PreconditionFailed(string resource, string name, string precondition, string wanted, string found) =>
        Conflict(resource, name, $"Precondition failed: {precondition} in precondition: {wanted}, {precondition} in object meta: {found}");

    public static Status Invalid(ObjectKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var qualifiedKind = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        var texts = errors.Select(error => error.ToString()).Distinct().ToList();
        var all = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return Of(422, StatusReason.Invalid, $"{qualifiedKind} \"{name}\" is invalid" + (errors.Count == 0 ? "" : $": {all}"), new StatusDetails
        {
            Name = name,
            Group = kind.Group,
            Kind = kind.Kind,
            Causes = [.. errors.Select(error => new StatusCause { Reason = error.Reason, Message = error.Body, Field = error.Field })],
        });
    }

    public static Status BadRequest(string message) => Of(400, StatusReason.BadRequest, message, null);

    /// <param name="verb">The request's verb, such as <c>create</c>.</param>
    public static Status MethodNotAllowed(string resource, string verb) =>
        Of(405, StatusReason.MethodNotAllowed, $"{verb} is not supported on resources of kind \"{resource}\"", Details(resource, ""));

    /// <summary>The path exists but not for this HTTP method.</summary>
    public static Status MethodNotAllowed() =>
        Of(405, StatusReason.MethodNotAllowed, "the server does not allow this method on the requested resource", new StatusDetails());

    public static Status NotAcceptable(IEnumerable<string> accepted) =>
        Of(406, StatusReason.NotAcceptable, $"only the following media types are accepted: {string.Join(", ", accepted)}", null);

    public static Status UnsupportedMediaType(IEnumerable<string> accepted) =>
        Of(415, StatusReason.UnsupportedMediaType,
            $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted)}", null);

    public static Status Unauthorized(string message = "Unauthorized") => Of(401, StatusReason.Unauthorized, message, null);

    public static Status Forbidden(string resource, string name, string message) =>
        Of(403, StatusReason.Forbidden,
            resource.Length == 0 ? $"forbidden: {message}" : $"{resource}{(name.Length == 0 ? "" : $" \"{name}\"")} is forbidden: {message}",
            Details(resource, name));

    /// <summary>Nothing may be created in a namespace that is being deleted.</summary>
    public static Status NamespaceTerminating(string resource, string name, string @namespace)
    {
        var status = Forbidden(resource, name, $"unable to create new content in namespace {@namespace} because it is being terminated");
        return status with
        {
            Details = status.Details! with
            {
                Causes = [new() { Reason = "NamespaceTerminating", Message = $"namespace {@namespace} is being terminated", Field = "metadata.namespace" }],
            },
        };
    }

    /// <summary>A resourceVersion or continue token of a state that is no longer kept.</summary>
    public static Status Expired(string message) => Of(410, StatusReason.Expired, message, null);

    /// <summary>A watch from a resourceVersion that is no longer kept.</summary>
    public static Status ResourceVersionTooOld(string resourceVersion, string oldest) =>
        Expired($"too old resource version: {resourceVersion} ({oldest})");

    public static Status Gone(string message) => Of(410, StatusReason.Gone, message, null);

    /// <summary>A resourceVersion that does not exist yet.</summary>
    public static Status ResourceVersionTooLarge(string wanted, string current) =>
        Of(504, StatusReason.Timeout, $"Timeout: Too large resource version: {wanted}, current: {current}", new StatusDetails
        {
            RetryAfterSeconds = 1,
            Causes = [new() { Reason = "ResourceVersionTooLarge", Message = "Too large resource version" }],
        });

    public static Status Timeout(string message, int retryAfterSeconds) =>
        Of(504, StatusReason.Timeout, $"Timeout: {message}", new() { RetryAfterSeconds = retryAfterSeconds });

    public static Status ServerTimeout(string resource, string verb, int retryAfterSeconds) =>
        Of(500, StatusReason.ServerTimeout, $"The {verb} operation against {resource} could not be completed at this time, please try again.",
            Details(resource, verb) with { RetryAfterSeconds = retryAfterSeconds });

    public static Status TooManyRequests(string message, int retryAfterSeconds) =>
        Of(429, StatusReason.TooManyRequests, message, new() { RetryAfterSeconds = retryAfterSeconds });

    public static Status RequestEntityTooLarge(string message) =>
        Of(413, StatusReason.RequestEntityTooLarge, $"Request entity is too large: {message}", null);

    public static Status ServiceUnavailable(string message) => Of(503, StatusReason.ServiceUnavailable, message, null);

    public static Status InternalError(string message) =>
        Of(500, StatusReason.InternalError, $"Internal error occurred: {message}", new() { Causes = [new() { Message = message }] });

    /// <summary>The server has no room: nothing was written. The reason is HTTP's word, as Kubernetes has none for it.</summary>
    public static Status InsufficientStorage(string message) => Of(507, "InsufficientStorage", message, null);

    private static Status Of(int code, string reason, string message, StatusDetails? details) =>
        new() { StatusValue = "Failure", Message = message, Reason = reason, Details = details, Code = code };

    private static StatusDetails Details(string resource, string name)
    {
        var dot = resource.IndexOf('.');
        return new() { Name = name, Group = dot < 0 ? "" : resource[(dot + 1)..], Kind = dot < 0 ? resource : resource[..dot] };
    }
}
