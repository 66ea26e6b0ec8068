using Coxswain.ApiServer.Admission.Webhooks;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>The rules of the kinds that extend admission.</summary>
internal static class AdmissionKinds
{
    private const string Group = ".admissionregistration.k8s.io";

    public static IReadOnlyDictionary<string, ResourceRules> Rules { get; } = new Dictionary<string, ResourceRules>(StringComparer.Ordinal)
    {
        ["mutatingwebhookconfigurations" + Group] = new WebhookConfigurationRules(),
        ["validatingwebhookconfigurations" + Group] = new WebhookConfigurationRules(),
        ["validatingadmissionpolicies" + Group] = new PolicyRules(mutates: false),
        ["validatingadmissionpolicybindings" + Group] = new PolicyBindingRules(mutates: false),
        ["mutatingadmissionpolicies" + Group] = new PolicyRules(mutates: true),
        ["mutatingadmissionpolicybindings" + Group] = new PolicyBindingRules(mutates: true),
    };
}
