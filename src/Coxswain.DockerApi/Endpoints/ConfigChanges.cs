using Coxswain.Engine.Builder.Stages;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>The <c>--change</c> of import and commit: instructions of a Dockerfile that change how an image runs.</summary>
internal static class ConfigChanges
{
    public static ContainerConfig Apply(ContainerConfig config, IReadOnlyList<string> changes) =>
        changes.Count == 0 ? config : ConfigInstructions.Apply(config, changes);
}
