using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>Begins evaluations of expressions about a write.</summary>
internal sealed class EvaluationSource(RequestMatcher matcher, IAuthorizer authorizer)
{
    /// <param name="version">What the objects are shown in.</param>
    /// <param name="mostCost">What everything evaluated with it may cost.</param>
    public async ValueTask<AdmissionEvaluation> BeginAsync(
        AdmissionContext context, ServedResource version, long mostCost, CancellationToken cancellationToken)
    {
        var @namespace = await matcher.NamespaceOfAsync(context, cancellationToken);
        return new AdmissionEvaluation(
            context, version,
            await AdmissionRequestDocument.ShowAsync(context, version, context.Document, cancellationToken),
            await AdmissionRequestDocument.ShowAsync(context, version, context.Old, cancellationToken),
            @namespace is null ? null : Document.DecodeWithVersion(@namespace.Value, @namespace.ModRevision), authorizer, mostCost);
    }
}
