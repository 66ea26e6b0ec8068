using System.Xml.Linq;

namespace Coxswain.Tests.Architecture;

/// <summary>A project exists to forbid a reference: the table of ARCHITECTURE.md, asserted on the project files.</summary>
public class DependencyTests
{
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["Api"] = [],
        ["Store"] = [],
        ["Cel"] = [],
        ["Linux"] = [],
        ["Client"] = ["Api"],
        ["Scheduler"] = ["Api"],
        ["ApiServer"] = ["Api", "Store", "Client", "Cel"],
        ["Controllers"] = ["Api", "Client", "Scheduler"],
        ["Engine"] = ["Linux"],
        ["DockerApi"] = ["Engine"],
        ["Node"] = ["Api", "Client", "Engine", "Linux"],
        ["Network"] = ["Api", "Client", "Linux"],
        ["Dashboard"] = ["Api", "Client"],
    };

    public static TheoryData<string> Projects() =>
        [.. Directory.EnumerateFiles(RepositoryFiles.Path("src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_OnlyWhatTheTableAllows(string project)
    {
        var references = References(project).Where(reference => reference.StartsWith("Coxswain.", StringComparison.Ordinal)).ToList();

        if (project == "Coxswain")
        {
            return;
        }

        if (project == "Coxswain.Testing")
        {
            Assert.DoesNotContain("Coxswain", references);
            return;
        }

        var name = project["Coxswain.".Length..];
        Assert.True(MayReference.TryGetValue(name, out var allowed), $"{project} is not in the table");
        var forbidden = references.Except(allowed.Select(reference => $"Coxswain.{reference}"), StringComparer.Ordinal)
            .Where(reference => reference != "Coxswain.Api.Generator");
        Assert.Empty(forbidden);
    }

    [Fact]
    public void BannedSymbols_NameTheClockTheSchedulerAndChance()
    {
        var banned = File.ReadAllLines(RepositoryFiles.Path("BannedSymbols.txt"));
        string[] expected =
        [
            "P:System.DateTime.UtcNow", "P:System.DateTimeOffset.UtcNow", "T:System.Threading.Timer", "T:System.Diagnostics.Stopwatch",
            "M:System.Threading.Tasks.Task.Delay(System.TimeSpan,System.Threading.CancellationToken)", "P:System.Random.Shared",
            "M:System.Guid.NewGuid", "T:System.Console",
        ];

        Assert.All(banned, line => Assert.Contains(';', line));
        Assert.Empty(expected.Except(banned.Select(line => line.Split(';')[0]), StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Sources_DoNotSwitchTheBannedSymbolsOff(string project)
    {
        var folder = RepositoryFiles.Path("src", project);
        var switchedOff = XDocument.Load(Path.Combine(folder, $"{project}.csproj")).Descendants("NoWarn").Where(element => element.Value.Contains("RS0030", StringComparison.Ordinal));

        // The command line is the one place that writes to the console.
        if (project != "Coxswain")
        {
            Assert.Empty(switchedOff);
        }
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(RepositoryFiles.Path("src", project, $"{project}.csproj")).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace("$(GeneratorProject)", "Coxswain.Api.Generator.csproj", StringComparison.Ordinal)));
}
