using Coxswain.Engine.Builder.Contexts;

namespace Coxswain.Engine.Tests.Builder;

public sealed class DockerIgnoreTests
{
    [Theory]
    [InlineData("node_modules", "node_modules", true)]
    [InlineData("node_modules", "node_modules/a/b.js", true)]
    [InlineData("node_modules", "src/node_modules", false)]
    [InlineData("**/node_modules", "src/x/node_modules/y", true)]
    [InlineData("**/node_modules", "node_modules", true)]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("**/*.md", "docs/a/README.md", true)]
    [InlineData("*/temp*", "somedir/temporary.txt", true)]
    [InlineData("*/temp*", "a/b/temporary", false)]
    [InlineData("temp?", "tempa", true)]
    [InlineData("temp?", "temp", false)]
    [InlineData("/bin/", "bin/x", true)]
    [InlineData("./bin", "bin", true)]
    [InlineData("[a-c].txt", "b.txt", true)]
    [InlineData("[^a-c].txt", "b.txt", false)]
    [InlineData("*.md\n!README.md", "README.md", false)]
    [InlineData("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true)]
    [InlineData("*\n!src", "src/main.c", false)]
    [InlineData("*\n!src\nsrc/*.o", "src/main.o", true)]
    [InlineData("# *.c\n\n", "main.c", false)]
    [InlineData("a/**/z", "a/b/c/z", true)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**", "a/b", true)]
    [InlineData("a.b", "axb", false)]
    public void IsIgnored_Rules_DecideAsDockerDoes(string rules, string path, bool ignored) =>
        Assert.Equal(ignored, DockerIgnore.Parse(rules).IsIgnored(path));
}
