using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission;

/// <summary>
/// A CertificateSigningRequest says who made it, whatever its maker wrote; whoever approves or denies it may <c>approve</c> for its
/// signer, and whoever puts a certificate into it may <c>sign</c> for it.
/// </summary>
internal sealed class CertificateRequestAdmission(IAuthorizer authorizer) : IAdmissionPlugin
{
    private const string Group = "certificates.k8s.io";
    private const string Plural = "certificatesigningrequests";

    public ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is(Group, Plural) || context.Document is not { } document)
        {
            return ValueTask.FromResult(false);
        }

        var (spec, user) = (document.ObjectOrNew("spec"), context.Request.User);
        spec["username"] = user.Name;
        spec["uid"] = user.Uid;
        spec["groups"] = Texts(user.Groups);
        spec["extra"] = new JsonObject(user.Extra.Select(extra => KeyValuePair.Create<string, JsonNode?>(extra.Key, Texts(extra.Value))));
        return ValueTask.FromResult(true);
    }

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Operation != AdmissionOperation.Update || context.Document is not { } document || context.Old is not { } old
            || request.Resource.Storage.Resource is not { Group: Group, Plural: Plural })
        {
            return;
        }

        var verb = request.Subresource switch
        {
            "approval" => "approve",
            "status" when document.TextAt("status", "certificate") != old.TextAt("status", "certificate") => "sign",
            _ => "",
        };
        var signer = old.TextAt("spec", "signerName");
        if (verb.Length > 0 && !await MayAsync(request, verb, signer, cancellationToken))
        {
            throw new KubeStatusException(Statuses.Forbidden(
                request.Resource.QualifiedName, request.Name, $"user not permitted to {verb} requests with signerName \"{signer}\""));
        }
    }

    /// <summary>For the signer itself or for all of its domain.</summary>
    private async ValueTask<bool> MayAsync(ApiRequest request, string verb, string signer, CancellationToken cancellationToken)
    {
        var attributes = new AccessAttributes(request.User, verb, Group, "signers", Name: signer);
        var domain = $"{signer.Split('/')[0]}/*";
        return await authorizer.AllowsAsync(attributes, cancellationToken)
            || await authorizer.AllowsAsync(attributes with { Name = domain }, cancellationToken);
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
