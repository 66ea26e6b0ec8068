using System.Runtime.CompilerServices;
using System.Text;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Tar;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Engine.Tests;

/// <summary>
/// What comes from outside and is damaged on purpose: it is understood, or refused by an exception of the engine, and never costs
/// much memory. Inputs under <c>testdata/fuzz</c> are tried as they are and altered; one that once did harm is added there.
/// </summary>
public sealed class HostileInputTests
{
    private const int MostAllocatedBytes = 64 * 1024 * 1024;
    private const int Runs = 1500;

    private static readonly string[] Paths = ["", "a", "a/b.log", "x/y/z", "keep.log", new('a', 300)];

    /// <summary>What parsers take for special, to be put in at random places.</summary>
    private static readonly byte[][] Fragments =
    [
        .. new[]
        {
            "\0", "\n", "\\", "\"", "'", "${", "$", "}", "#", "%", "/", "//", "**", "[", "]", "!", "{", ",", ":", "null", "[[[[[[[[",
            "-1", "1e999", "99999999999999999999", "<<EOF", "--exclude=", "--mount=type=cache,target=", "\\u0000", "\uFEFF", "sha256:",
            "../", "SCHILY.xattr.", "path=", "size=",
        }.Select(Encoding.UTF8.GetBytes), [0xFF], [0x80, 0, 0, 0], [0xC3], new byte[512],
    ];

    public static TheoryData<string> Inputs =>
        [.. Directory.EnumerateFiles(Corpus(), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => Path.GetRelativePath(Corpus(), path))];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Input_Kept_IsUnderstoodOrRefused(string name) =>
        Try(name.Split('/')[0], File.ReadAllBytes(Path.Combine(Corpus(), name)));

    [Theory]
    [InlineData("dockerfile")]
    [InlineData("dockerignore")]
    [InlineData("tar")]
    [InlineData("manifest")]
    [InlineData("config")]
    [InlineData("index")]
    [InlineData("reference")]
    public void Input_Altered_IsUnderstoodOrRefused(string target)
    {
        var inputs = Directory.EnumerateFiles(Path.Combine(Corpus(), target)).Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes).ToArray();
        var edits = Gen.ArrayOf(
            from kind in Gen.Choose(0, 4)
            from at in Gen.Choose(0, 1 << 20)
            from value in Gen.Choose(0, 1 << 20)
            select (Kind: kind, At: at, Value: value));
        var altered =
            from input in Gen.Elements(inputs)
            from changes in edits
            select changes.Aggregate(input, (bytes, change) => Alter(bytes, change.Kind, change.At, change.Value));

        Prop.ForAll(Arb.From(altered), bytes => Try(target, bytes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Runs).WithEndSize(12));
    }

    private static byte[] Alter(byte[] bytes, int kind, int at, int value)
    {
        at %= bytes.Length + 1;
        var length = Math.Min(value % 600, bytes.Length - at);
        switch (kind)
        {
            case 0 when at < bytes.Length:
                var changed = bytes.ToArray();
                changed[at] = (byte)value;
                return changed;
            case 1:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 2:
                return [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]];
            case 3:
                return bytes[..at];
            default:
                return [.. bytes[..at], .. Fragments[value % Fragments.Length], .. bytes[at..]];
        }
    }

    private static void Try(string target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Run(target, input);
        }
        catch (EngineException)
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocatedBytes);
    }

    private static void Run(string target, byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        switch (target)
        {
            case "dockerfile":
                ReadDockerfile(text);
                break;
            case "dockerignore":
                var ignore = DockerIgnore.Parse(text);
                Assert.All(Paths, path => ignore.IsIgnored(path));
                break;
            case "tar":
                ReadTar(input);
                break;
            case "manifest":
                var manifest = ImageJson.Read(input, ImageJson.Manifest, "it");
                Assert.All(manifest.Layers.Append(manifest.Config), blob => Assert.Equal(64, blob.Digest.Hex.Length));
                break;
            case "config":
                Assert.All(
                    ImageJson.Read(input, ImageJson.Configuration, "it").RootFilesystem.DiffIds, id => Assert.Equal(64, id.Hex.Length));
                break;
            case "index":
                Assert.All(ImageJson.Read(input, ImageJson.Index, "it").Manifests, blob => Assert.Equal(64, blob.Digest.Hex.Length));
                break;
            default:
                foreach (var line in text.Split('\n'))
                {
                    ImageReference.TryParse(line, out _);
                }

                break;
        }
    }

    private static void ReadDockerfile(string text)
    {
        foreach (var stage in Dockerfile.Parse(text).Stages)
        {
            foreach (var env in stage.Instructions.OfType<EnvInstruction>().SelectMany(instruction => instruction.Pairs))
            {
                new Expander('\\', _ => "value", 1).Word(env.Value);
            }
        }
    }

    private static void ReadTar(byte[] input)
    {
        var reader = new TarReader(new MemoryStream(input));
        var buffer = new byte[4096];
        while (reader.Next() is not null)
        {
            while (reader.Read(buffer) > 0)
            {
            }
        }
    }

    private static string Corpus([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "testdata", "fuzz");
}
