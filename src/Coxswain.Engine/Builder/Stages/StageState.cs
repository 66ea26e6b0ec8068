using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>A stage as far as it is built: the stack of layers, the configuration, what has happened.</summary>
internal sealed class StageState
{
    private readonly List<StackedLayer> _layers = [];

    public StageState(ImageConfiguration? from) => Base = from ?? new ImageConfiguration
    {
        Architecture = Platform.Current.Architecture,
        OperatingSystem = Platform.Current.OperatingSystem,
    };

    /// <summary>The configuration it began with; fields we do not know live on in the result.</summary>
    public ImageConfiguration Base { get; }

    public ContainerConfig Config { get; set; } = new();

    public string? Author { get; set; }

    /// <summary>An entry whose time is not known yet has none.</summary>
    public List<HistoryEntry> History { get; } = [];

    /// <summary>Declared build arguments; null for those without a value.</summary>
    public OrderedDictionary<string, string?> Arguments { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether CMD stands in this stage: ENTRYPOINT forgets one that came with the base image.</summary>
    public bool HasOwnCommand { get; set; }

    /// <summary>The lowest first.</summary>
    public IReadOnlyList<StackedLayer> Layers => _layers;

    public Digest? ChainId => _layers.Count == 0 ? null : _layers[^1].Layer.ChainId;

    /// <summary>The top one first, as overlayfs wants them.</summary>
    public IReadOnlyList<string> LayerDirectories => [.. _layers.AsEnumerable().Reverse().Select(layer => layer.Layer.Directory)];

    public MergedTree Tree => new(LayerDirectories);

    public void Push(UnpackedLayer layer, Descriptor blob) => _layers.Add(new StackedLayer(layer, blob));

    /// <summary>Begins where another stage ended.</summary>
    public static StageState After(StageState other)
    {
        var state = new StageState(other.Base) { Config = other.Config, Author = other.Author };
        state._layers.AddRange(other._layers);
        state.History.AddRange(other.History);
        foreach (var (name, value) in other.Arguments)
        {
            state.Arguments[name] = value;
        }

        return state;
    }

    public static StageState From(Image image, IReadOnlyList<UnpackedLayer> layers)
    {
        var state = new StageState(image.Configuration)
        {
            Config = image.Config,
            Author = image.Configuration.Author,
        };
        for (var i = 0; i < layers.Count; i++)
        {
            state.Push(layers[i], image.Manifest.Layers[i]);
        }

        state.History.AddRange(image.Configuration.History ?? []);
        return state;
    }

    public BuildSource AsSource(string description) => BuildSource.OfLayers(LayerDirectories, description);

    /// <summary>The value of a variable of the image's environment; null when it has none.</summary>
    public string? Environment(string name)
    {
        foreach (var variable in Config.Env ?? [])
        {
            if (variable.Length > name.Length && variable[name.Length] == '=' && variable.StartsWith(name, StringComparison.Ordinal))
            {
                return variable[(name.Length + 1)..];
            }
        }

        return null;
    }
}

/// <param name="Blob">The layer's tar.</param>
internal sealed record StackedLayer(UnpackedLayer Layer, Descriptor Blob);
