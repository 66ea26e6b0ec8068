using System.Text.Json.Nodes;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// What a CertificateSigningRequest asks for is what was approved and is signed, so it never changes; the verdict is written through
/// <c>approval</c> alone.
/// </summary>
internal sealed class CertificateRequestRules : ResourceRules
{
    private static readonly SubresourceScope Approval = new(
        ["metadata.annotations", "metadata.labels", "status.conditions"], CertificateConditions.CheckApproval);

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [SelectableField.At("spec.signerName")];

    public override SubresourceScope? ScopeOf(string subresource) => subresource == "approval" ? Approval : null;

    public override void PrepareForUpdate(JsonObject document, JsonObject old) => document.Take("spec", old);

    public override void PrepareForStatusUpdate(JsonObject document, JsonObject old) => CertificateConditions.KeepVerdicts(document, old);
}
