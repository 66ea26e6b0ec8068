using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Rendering;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Tests.Images;

public sealed class ImageTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Images_TaggedAndDangling_ReadAsDockerPrintsThem()
    {
        var tagged = MakeImage('a', Now.AddDays(-3), 117_300_000, "nginx:1.25", "localhost:5000/web:v2");
        var dangling = MakeImage('b', Now.AddSeconds(-70), 7_050_000);

        Assert.Equal(
            [
                "REPOSITORY           TAG      IMAGE ID       CREATED              SIZE",
                "nginx                1.25     aaaaaaaaaaaa   3 days ago           117MB",
                "localhost:5000/web   v2       aaaaaaaaaaaa   3 days ago           117MB",
                "<none>               <none>   bbbbbbbbbbbb   About a minute ago   7.05MB",
            ],
            ImageTable.Images([tagged, dangling], Now));
    }

    [Fact]
    public void History_LongCommands_AreCut()
    {
        var lines = ImageTable.History(
            [
                new ImageHistoryLine(Digest.FromHex(new string('c', 64)), Now.AddHours(-2), "CMD [\"bash\"]", 0, ""),
                new ImageHistoryLine(null, Now.AddDays(-20), "RUN /bin/sh -c apt-get update && apt-get install -y nginx", 1_234_000_000, "buildkit"),
            ],
            Now);

        Assert.Equal(
            [
                "IMAGE          CREATED       CREATED BY                                      SIZE     COMMENT",
                "cccccccccccc   2 hours ago   CMD [\"bash\"]                                    0B",
                "<missing>      2 weeks ago   RUN /bin/sh -c apt-get update && apt-get ins…   1.23GB   buildkit",
            ],
            lines);
    }

    private static Image MakeImage(char digit, DateTimeOffset created, long size, params string[] tags) => new()
    {
        Id = Digest.FromHex(new string(digit, 64)),
        ManifestDescriptor = new Descriptor(MediaTypes.OciManifest, Digest.FromHex(new string(digit, 64)), 1),
        Manifest = new ImageManifest { Config = new Descriptor(MediaTypes.OciConfig, default, 1), Layers = [] },
        Configuration = new ImageConfiguration { Created = created },
        Tags = [.. tags.Select(ImageReference.Parse)],
        RepositoryDigests = [],
        SizeBytes = size,
        Added = created,
    };
}
