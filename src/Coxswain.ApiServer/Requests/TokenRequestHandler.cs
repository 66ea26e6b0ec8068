using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Authentication.V1;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Requests;

/// <summary>Issues a token for a service account, possibly bound to a Pod.</summary>
internal sealed class TokenRequestHandler(IStore store, ServiceAccountTokens tokens, TimeProvider time) : IPostHandler
{
    public static readonly ObjectKind Kind = TokenRequest.ObjectKind;

    private const long LeastSeconds = 600;

    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var entry = await store.GetAsync(request.Key, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("serviceaccounts", request.Name));
        var wanted = Answers.Read<TokenRequest>(body);
        var seconds = wanted.Spec.ExpirationSeconds ?? 3600;
        if (seconds < LeastSeconds)
        {
            throw new KubeStatusException(Statuses.Invalid(Kind, "",
                [FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]));
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

    private async ValueTask<TokenSubject> BindAsync(TokenSubject subject, BoundObjectReference bound, CancellationToken cancellationToken)
    {
        if (bound.Kind != "Pod")
        {
            throw new KubeStatusException(Statuses.BadRequest($"cannot bind token to object of type {bound.ApiVersion}, Kind={bound.Kind}"));
        }

        var pod = await store.GetAsync($"/registry/core/pods/{subject.Namespace}/{bound.Name}", cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("pods", bound.Name));
        var typed = KubeJson.Deserialize<Coxswain.Api.Core.V1.Pod>(pod.Value.Span);
        if (bound.Uid.Length > 0 && bound.Uid != typed.Metadata.Uid)
        {
            throw new KubeStatusException(Statuses.Conflict("pods", bound.Name,
                $"the UID in the bound object reference ({bound.Uid}) does not match the UID in record. The object might have been deleted and then recreated"));
        }

        if (typed.Spec.ServiceAccountName != subject.Name)
        {
            throw new KubeStatusException(Statuses.BadRequest("cannot bind token for serviceaccount "
                + $"\"{subject.Name}\" to pod running with different serviceaccount name."));
        }

        return subject with { PodName = bound.Name, PodUid = typed.Metadata.Uid };
    }
}
