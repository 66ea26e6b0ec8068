using System.Text;
using Coxswain.Engine.Builder.Steps;

namespace Coxswain.Engine.Tests.Builder;

public sealed class StepLinesTests
{
    [Theory]
    [InlineData("a\nb", "a|b")]
    [InlineData("a\r\n\r\nb\n", "a||b")]
    [InlineData("10%\r20%\r", "10%|20%")]
    [InlineData("", "")]
    public async Task Read_Lines_AsTheyEnd(string text, string lines) =>
        Assert.Equal(lines, string.Join('|', await ReadAsync(text)));

    [Fact]
    public async Task Read_LineWithoutEnd_ComesInParts()
    {
        var lines = await ReadAsync(new string('x', (StepLines.MostCharacters * 2) + 1) + "\n\nend");

        Assert.Equal([StepLines.MostCharacters, StepLines.MostCharacters, 1, 0, 3], lines.Select(line => line.Length));
    }

    [Fact]
    public async Task Read_LineAsLongAsMayBe_IsOne()
    {
        var lines = await ReadAsync(new string('x', StepLines.MostCharacters) + "\r\nend");

        Assert.Equal([StepLines.MostCharacters, 3], lines.Select(line => line.Length));
    }

    private static async Task<List<string>> ReadAsync(string text)
    {
        var lines = new List<string>();
        await StepLines.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), lines.Add);
        return lines;
    }
}
