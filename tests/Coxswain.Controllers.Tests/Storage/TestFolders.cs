namespace Coxswain.Controllers.Tests.Storage;

/// <summary>A disk of names.</summary>
internal sealed class TestFolders : IVolumeFolders
{
    private readonly HashSet<string> _names = [];

    public IEnumerable<string> Names => _names;

    public string PathOf(string name) => "/volumes/" + name;

    public void Create(string name) => _names.Add(name);

    public void Remove(string name) => _names.Remove(name);
}
