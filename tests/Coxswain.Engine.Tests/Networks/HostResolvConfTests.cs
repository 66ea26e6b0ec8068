using Coxswain.Engine.Networks;

namespace Coxswain.Engine.Tests.Networks;

public sealed class HostResolvConfTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-resolv-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("nameserver 127.0.0.53\noptions edns0\n", true, "nameserver 192.0.2.1\n")]
    [InlineData("nameserver 127.0.0.53\n", false, "nameserver 127.0.0.53\n")]
    [InlineData("nameserver 192.0.2.7\n", true, "nameserver 192.0.2.7\n")]
    [InlineData("nameserver 127.0.0.1\nnameserver 192.0.2.7\n", true, "nameserver 127.0.0.1\nnameserver 192.0.2.7\n")]
    public void Read_StubOnLoopback_NamesTheServersBehindIt(string system, bool hasBehind, string expected)
    {
        var (file, behind) = (Path.Combine(_directory, "resolv.conf"), Path.Combine(_directory, "behind.conf"));
        File.WriteAllText(file, system);
        if (hasBehind)
        {
            File.WriteAllText(behind, "nameserver 192.0.2.1\n");
        }

        Assert.Equal(expected, HostResolvConf.Read(file, behind));
    }
}
