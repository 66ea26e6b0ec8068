using Coxswain.Linux.Files;

namespace Coxswain.Engine.Local.Networks;

/// <summary>The networks on disk, one file each.</summary>
internal sealed class LocalNetworkStore(EngineOptions options)
{
    private readonly string _directory = Path.Combine(options.DataDirectory, "local-networks");

    public IReadOnlyList<LocalNetwork> Load() =>
        Directory.Exists(_directory)
            ? [.. Directory.EnumerateFiles(_directory, "*.json").Order(StringComparer.Ordinal)
                .Select(path => DurableFile.ReadJson(path, LocalJson.Default.LocalNetwork, out var network) == DurableRead.Whole ? network : null)
                .OfType<LocalNetwork>()]
            : [];

    public void Save(LocalNetwork network)
    {
        Directory.CreateDirectory(_directory);
        DurableFile.WriteJson(PathOf(network.Id), network, LocalJson.Default.LocalNetwork);
    }

    public void Delete(string id) => File.Delete(PathOf(id));

    public void DeleteAll() => TreeRemover.Remove(_directory);

    private string PathOf(string id) => Path.Combine(_directory, id + ".json");
}
