using System.Text;

namespace Coxswain.Api.Generator;

/// <summary>C# names for the API's names.</summary>
internal static class Naming
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        [""] = "Core",
        ["admissionregistration.k8s.io"] = "AdmissionRegistration",
        ["apidiscovery.k8s.io"] = "ApiDiscovery",
        ["apiextensions.k8s.io"] = "ApiExtensions",
        ["apiregistration.k8s.io"] = "ApiRegistration",
        ["flowcontrol.apiserver.k8s.io"] = "FlowControl",

        // Not "Node": inside Coxswain.Api that namespace would hide the Node type.
        ["node.k8s.io"] = "NodeClasses",
    };

    public static string Group(string group) =>
        Groups.TryGetValue(group, out var name) ? name : Pascal(group.Split('.')[0]);

    /// <summary><c>podIP</c> to <c>PodIP</c>, <c>x-kubernetes-list-type</c> to <c>XKubernetesListType</c>, <c>v1beta1</c> to <c>V1Beta1</c>.</summary>
    public static string Pascal(string name)
    {
        var result = new StringBuilder(name.Length);
        var upper = true;
        foreach (var c in name)
        {
            if (!char.IsLetterOrDigit(c))
            {
                upper = true;
                continue;
            }

            result.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        result.Replace("beta", "Beta").Replace("alpha", "Alpha");
        if (result.Length == 0 || char.IsDigit(result[0]))
        {
            result.Insert(0, '_');
        }

        return result.ToString();
    }
}
