using System.Text;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Tar;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Engine.Tests;

/// <summary>
/// What comes from outside and is damaged on purpose: it is understood, or refused by an exception of the engine, and never costs
/// much memory. Inputs under <c>testdata/fuzz</c> are tried as they are and altered; one that once did harm is added there.
/// </summary>
public sealed class HostileInputTests
{
    private static readonly string[] Paths = ["", "a", "a/b.log", "x/y/z", "keep.log", new('a', 300)];

    /// <summary>What parsers take for special: inputs themselves, and what others are made of.</summary>
    private static readonly byte[][] Fragments =
    [
        .. new[]
        {
            "\0", "\n", "\\", "\"", "'", "${", "$", "}", "#", "%", "/", "//", "**", "[", "]", "!", "{", ",", ":", "null", "[[[[[[[[",
            "-1", "1e999", "99999999999999999999", "<<EOF", "--exclude=", "--mount=type=cache,target=", "\\u0000", "\uFEFF", "sha256:",
            "../", "SCHILY.xattr.", "path=", "size=",
        }.Select(Encoding.UTF8.GetBytes), [0xFF], [0x80, 0, 0, 0], [0xC3], new byte[512],
    ];

    [Theory]
    [InlineData("dockerfile")]
    [InlineData("dockerignore")]
    [InlineData("tar")]
    [InlineData("manifest")]
    [InlineData("config")]
    [InlineData("index")]
    [InlineData("reference")]
    public void Input_AsKeptOrAltered_IsUnderstoodOrRefused(string target) => Fuzzer.Run(target, Fragments, input =>
    {
        try
        {
            Run(target, input);
        }
        catch (EngineException)
        {
        }
    });

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
}
