using Coxswain.Engine.Containers;

namespace Coxswain.Engine.Tests.Containers;

public sealed class ContainerSpecTests
{
    [Theory]
    [InlineData("", "0 0 0")]
    [InlineData("app", "1000 1001 1001 10 20")]
    [InlineData("1000", "1000 1001 1001 10 20")]
    [InlineData("app:wheel", "1000 10 10")]
    [InlineData("4242", "4242 0 0")]
    [InlineData("4242:77", "4242 77 77")]
    public async Task User_ByNameOrNumber_IsResolvedInTheRoot(string user, string ids)
    {
        await using var test = await TestEngine.StartAsync();
        var (exit, log) = await test.RunToEndAsync(test.Spec("echo $(id -u) $(id -g) $(id -G)") with { User = user });
        Assert.Equal((0, ids), (exit.Code, log.Trim()));
    }

    [Fact]
    public async Task User_Unknown_IsSaid()
    {
        await using var test = await TestEngine.StartAsync();
        var exception = await Assert.ThrowsAsync<ContainerStartException>(
            () => test.Containers.CreateAsync(test.Spec("true") with { User = "nobodyknows" }, TestEngine.Timeout));
        Assert.Contains("nobodyknows", exception.Message);
    }

    [Fact]
    public async Task Environment_AndDirectory_AreAsGiven()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("echo $A; pwd; echo $PATH; hostname") with
        {
            Env = ["A=1", "A=2 with blank"],
            WorkingDirectory = "/made/on/demand",
            Hostname = "its-name",
        };
        var (_, log) = await test.RunToEndAsync(spec);
        Assert.Equal(
            ["2 with blank", "/made/on/demand", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "its-name"],
            log.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Mounts_OfFilesDirectoriesAndTmpfs_AreThere()
    {
        await using var test = await TestEngine.StartAsync();
        var host = Path.Combine(test.LogDirectory, "mounted");
        Directory.CreateDirectory(host);
        await File.WriteAllTextAsync(Path.Combine(host, "file"), "content\n", TestEngine.Timeout);
        var spec = test.Spec("cat /data/file /etc/one; echo x > /data/new && echo written; echo x > /etc/one || echo refused; grep -c ' /mem tmpfs' /proc/mounts") with
        {
            Mounts =
            [
                new ContainerMount(Path.Combine(host, "file"), "/etc/one", ReadOnly: true),
                new ContainerMount(host, "/data"),
                new ContainerMount("tmpfs", "/mem", Type: "tmpfs", Options: ["size=1m"]),
            ],
        };
        var (_, log) = await test.RunToEndAsync(spec);
        Assert.Contains("content\ncontent\nwritten\n", log);
        Assert.Contains("refused\n", log);
        Assert.Contains("\n1\n", log);
        Assert.True(File.Exists(Path.Combine(host, "new")));
    }

    [Fact]
    public async Task Root_WrittenTo_LeavesTheLayerAlone()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("echo x > /written; rm /etc/group"));
        Assert.Equal(0, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
        Assert.False(File.Exists(Path.Combine(test.Layer, "written")));
        Assert.True(File.Exists(Path.Combine(test.Layer, "etc/group")));
        Assert.True(File.Exists(Path.Combine(test.Engine.Snapshots.Find(status.Id)!.UpperDirectory, "written")));
    }

    [Fact]
    public async Task Root_ReadOnly_RefusesWrites()
    {
        await using var test = await TestEngine.StartAsync();
        var (exit, _) = await test.RunToEndAsync(test.Spec("echo x > /written") with { ReadonlyRootfs = true });
        Assert.Equal(1, exit.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Capabilities_OfRoot_AreDockersDefaultOrAll(bool privileged)
    {
        await using var test = await TestEngine.StartAsync();
        var ours = (await File.ReadAllLinesAsync("/proc/self/status")).First(line => line.StartsWith("CapBnd", StringComparison.Ordinal));
        var mask = privileged ? ours.Split('\t')[1] : "00000000a80425fb";
        var (_, log) = await test.RunToEndAsync(test.Spec("grep CapEff /proc/self/status") with { Privileged = privileged });
        Assert.Equal($"CapEff:\t{mask}", log.Trim());
    }

    [Fact]
    public async Task Capabilities_DroppedAndAdded_Change()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("grep CapEff /proc/self/status") with { CapabilitiesDrop = ["ALL"], CapabilitiesAdd = ["NET_ADMIN"] };
        var (_, log) = await test.RunToEndAsync(spec);
        Assert.Equal("CapEff:\t0000000000001000", log.Trim());
    }
}
