namespace Coxswain.Tests.Architecture;

/// <summary>
/// The namespaces of a project are layers: none uses another that uses it, neither directly nor around a corner. Read
/// from the sources, so a using counts, and so does a type of an outer namespace, which needs no using.
/// </summary>
public class NamespaceTests
{
    public static TheoryData<string> Projects() => DependencyTests.Projects();

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Namespaces_FormNoCircle(string project)
    {
        var graph = NamespaceGraph.Read(RepositoryFiles.Path("src", project));
        Assert.True(graph.Circles().Count == 0, string.Join('\n', [.. graph.Circles(), .. graph.CircularUses()]));
    }

    [Fact]
    public void Circles_AroundACorner_AreFound()
    {
        var graph = NamespaceGraph.Of(
        [
            "using P.B;\nnamespace P.A;\ninternal sealed class InA;",
            "namespace P.B;\ninternal sealed class InB { Outer? field; }",
            "using P.A;\nnamespace P;\ninternal sealed class Outer;",
            "using P.A;\nnamespace P.D;\ninternal sealed class InD;",
        ]);
        Assert.Equal(["P, P.A, P.B"], graph.Circles());
    }

    [Fact]
    public void Circles_NamesInCommentsAndStrings_AreNone()
    {
        var graph = NamespaceGraph.Of(
        [
            "namespace P.A;\n// Outer is somewhere else\ninternal sealed class InA { string text = \"Outer\"; }",
            "using P.A;\nnamespace P;\ninternal sealed class Outer;",
        ]);
        Assert.Empty(graph.Circles());
    }
}
