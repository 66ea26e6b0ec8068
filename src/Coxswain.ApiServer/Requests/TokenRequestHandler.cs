using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Requests;

/// <summary>Issues a token for a service account, possibly bound to a Pod, a Secret or a Node.</summary>
internal sealed class TokenRequestHandler(IStore store, ServiceAccountTokens tokens, TimeProvider time) : IPostHandler
{
    public static readonly ObjectKind Kind = TokenRequest.ObjectKind;

    private const long LeastSeconds = 600;
    private const long MostSeconds = 1L << 32;

    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var entry = await store.GetAsync(request.Key, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("serviceaccounts", request.Name));
        var wanted = Answers.Read<TokenRequest>(body);
        var seconds = wanted.Spec.ExpirationSeconds ?? 3600;
        if (seconds is < LeastSeconds or > MostSeconds)
        {
            throw new KubeStatusException(Statuses.Invalid(Kind, "", [FieldError.Invalid("spec.expirationSeconds", seconds,
                seconds < LeastSeconds ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds")]));
        }

        var subject = new TokenSubject(request.Namespace, request.Name, StoredObject.ReadMetadata(entry).Uid);
        if (wanted.Spec.BoundObjectRef is { } bound)
        {
            subject = await BindAsync(subject, bound, cancellationToken);
        }

        IReadOnlyList<string> audiences = wanted.Spec.Audiences.Count > 0 ? wanted.Spec.Audiences : [ServiceAccountTokens.Issuer];
        var expires = time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        return Answers.Of(wanted with
        {
            Metadata = wanted.Metadata with { Name = request.Name, Namespace = request.Namespace, CreationTimestamp = time.GetUtcNow() },
            Spec = wanted.Spec with { Audiences = audiences, ExpirationSeconds = seconds },
            Status = new TokenRequestStatus { Token = tokens.Sign(subject, audiences, expires), ExpirationTimestamp = expires },
        });
    }

    private async ValueTask<TokenSubject> BindAsync(TokenSubject subject, BoundObjectReference reference, CancellationToken cancellationToken)
    {
        var bound = new BoundObject(reference.Kind, reference.Name, reference.Uid);
        if (bound.Kind is not ("Pod" or "Secret" or "Node") || reference.ApiVersion is not ("" or "v1"))
        {
            throw new KubeStatusException(Statuses.BadRequest($"cannot bind token to object of type {reference.ApiVersion}, Kind={reference.Kind}"));
        }

        var plural = $"{bound.Claim}s";
        var entry = await store.GetAsync(bound.StoreKey(subject.Namespace), cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound(plural, bound.Name));
        var uid = StoredObject.ReadMetadata(entry).Uid;
        if (bound.Uid.Length > 0 && bound.Uid != uid)
        {
            throw new KubeStatusException(Statuses.Conflict(plural, bound.Name,
                $"the UID in the bound object reference ({bound.Uid}) does not match the UID in record. The object might have been deleted and then recreated"));
        }

        bound = bound with { Uid = uid };
        if (bound.Kind != "Pod")
        {
            return subject with { Bound = bound };
        }

        if (FieldReader.Read(entry.Value.Span, "spec.serviceAccountName") != subject.Name)
        {
            throw new KubeStatusException(Statuses.BadRequest("cannot bind token for serviceaccount "
                + $"\"{subject.Name}\" to pod running with different serviceaccount name."));
        }

        return subject with { Bound = bound, Node = await NodeOfAsync(FieldReader.Read(entry.Value.Span, "spec.nodeName"), cancellationToken) };
    }

    private async ValueTask<BoundObject?> NodeOfAsync(string name, CancellationToken cancellationToken)
    {
        var node = new BoundObject("Node", name, "");
        return name.Length > 0 && await store.GetAsync(node.StoreKey(""), cancellationToken) is { } entry
            ? node with { Uid = StoredObject.ReadMetadata(entry).Uid } : null;
    }
}
