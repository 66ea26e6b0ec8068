using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>What all stages of one build share.</summary>
internal sealed class BuildContext
{
    public required ImageStore Store { get; init; }

    public required StoreSession Session { get; init; }

    public required BuildOptions Options { get; init; }

    public required Dockerfile Dockerfile { get; init; }

    public required BuildArguments Arguments { get; init; }

    public required BuildSource Source { get; init; }

    public required IStepRunner Runner { get; init; }

    public required BuildProgress Progress { get; init; }

    public required BaseImages Images { get; init; }

    public required RemoteFiles Remote { get; init; }

    public required BuildCache Cache { get; init; }

    /// <summary>Stages that are done, by index.</summary>
    public Dictionary<int, StageState> Done { get; } = [];
}
