using System.Text.Json;

namespace Coxswain.Addons;

/// <summary>All add-ons there are.</summary>
internal static class AddonCatalogue
{
    private const string IngressImage = "coxswain.dev/ingress-nginx:bookworm";

    public static readonly IReadOnlyList<Addon> All =
    [
        new Addon(
            "ingress", "nginx for Ingresses, on ports 80 and 443 of the node", [new AddonImage(IngressImage, ["nginx"])], "ingress.yaml",
            "ingress-nginx-controller",
            paths => new Dictionary<string, string>
            {
                ["image"] = IngressImage,
                ["folder"] = $"\"{JsonEncodedText.Encode(paths.Ingress)}\"",
            }),
    ];

    public static Addon? Find(string name) => All.FirstOrDefault(addon => addon.Name == name);
}
