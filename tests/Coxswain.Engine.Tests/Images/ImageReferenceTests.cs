using Coxswain.Engine.Images;

namespace Coxswain.Engine.Tests.Images;

public sealed class ImageReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("myname/myimage", "docker.io/myname/myimage:latest", "myname/myimage:latest")]
    [InlineData("library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest")]
    [InlineData("localhost/x", "localhost/x:latest", "localhost/x:latest")]
    [InlineData("localhost:5000/x:y", "localhost:5000/x:y", "localhost:5000/x:y")]
    [InlineData("registry.example.com/a/b_c/d-e.f:1", "registry.example.com/a/b_c/d-e.f:1", "registry.example.com/a/b_c/d-e.f:1")]
    [InlineData("[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest")]
    [InlineData("nginx@sha256:" + Hex, "docker.io/library/nginx@sha256:" + Hex, "nginx@sha256:" + Hex)]
    [InlineData("nginx:1@sha256:" + Hex, "docker.io/library/nginx:1@sha256:" + Hex, "nginx:1@sha256:" + Hex)]
    public void Parse_Reference_IsNormalisedAsDockerDoes(string text, string full, string familiar)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal(full, reference.ToString());
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference, ImageReference.Parse(full));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Nginx", "must be lowercase")]
    [InlineData("a b")]
    [InlineData("a:")]
    [InlineData("a:b c")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("-a/b")]
    [InlineData("a..b")]
    [InlineData("a@sha256:12")]
    [InlineData("a@md5:0123")]
    [InlineData("reg:port/a")]
    [InlineData(Hex, "64-byte hexadecimal")]
    [InlineData("a\nb")]
    [InlineData("a:b\n")]
    public void Parse_Malformed_IsRefused(string text, string problem = "invalid reference format")
    {
        var failure = Assert.Throws<ImageException>(() => ImageReference.Parse(text));

        Assert.Equal(ImageErrorKind.Invalid, failure.Kind);
        Assert.Contains(problem, failure.Message);
    }
}
