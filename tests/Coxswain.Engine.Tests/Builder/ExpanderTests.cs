using Coxswain.Engine.Builder.Dockerfiles;

namespace Coxswain.Engine.Tests.Builder;

public sealed class ExpanderTests
{
    [Theory]
    [InlineData("$A/${B}", "one/two")]
    [InlineData("$AB", "")]
    [InlineData("${A}B", "oneB")]
    [InlineData("${UNSET:-fallback}", "fallback")]
    [InlineData("${EMPTY:-fallback}", "fallback")]
    [InlineData("${EMPTY-fallback}", "")]
    [InlineData("${A:-fallback}", "one")]
    [InlineData("${A:+set}", "set")]
    [InlineData("${EMPTY:+set}", "")]
    [InlineData("${EMPTY+set}", "set")]
    [InlineData("${UNSET:-${B}-x}", "two-x")]
    [InlineData("\\$A", "$A")]
    [InlineData("'$A'", "$A")]
    [InlineData("\"$A \\\"q\\\"\"", "one \"q\"")]
    [InlineData("a\\ b", "a b")]
    [InlineData("100$", "100$")]
    [InlineData("\"a'b\"", "a'b")]
    [InlineData("${P#*/}", "b/c.tar.gz")]
    [InlineData("${P##*/}", "c.tar.gz")]
    [InlineData("${P%.*}", "a/b/c.tar")]
    [InlineData("${P%%.*}", "a/b/c")]
    [InlineData("${P#?/}x", "b/c.tar.gzx")]
    [InlineData("${P#nothing}", "a/b/c.tar.gz")]
    [InlineData("${P/b/$A}", "a/one/c.tar.gz")]
    [InlineData("${P//?/x}", "xxxxxxxxxxxx")]
    [InlineData("${P//\\//-}", "a-b-c.tar.gz")]
    [InlineData("${P/\\*/x}", "a/b/c.tar.gz")]
    [InlineData("${P/.tar/}", "a/b/c.gz")]
    [InlineData("${UNSET#x}", "")]
    public void Word_Variables_AreReplacedAsInDocker(string text, string expected) => Assert.Equal(expected, Expand(text));

    [Theory]
    [InlineData("'open", "single-quote")]
    [InlineData("\"open", "double-quote")]
    [InlineData("${A", "bad substitution")]
    [InlineData("${A:-x", "missing '}'")]
    [InlineData("${A:*x}", "unsupported modifier")]
    [InlineData("${A#x", "missing '}'")]
    [InlineData("${A/x}", "missing '/'")]
    [InlineData("${UNSET:?must be given}", "UNSET: must be given")]
    public void Word_Malformed_SaysWhatIsWrong(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<DockerfileException>(() => Expand(text)).Message);

    [Fact]
    public void Word_NestedTooDeep_IsRefused() =>
        Assert.Throws<DockerfileException>(() => Expand(string.Concat(Enumerable.Repeat("${X:-", 10_000))));

    private static string Expand(string text) => new Expander(
        '\\', name => name switch { "A" => "one", "B" => "two", "P" => "a/b/c.tar.gz", "EMPTY" => "", _ => null }, 1).Word(text);
}
