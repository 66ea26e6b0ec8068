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
            () => test.RunAsync(test.Spec("true") with { User = "nobodyknows" }));
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

    [Theory]
    [InlineData("ALL", "NET_RAW", true, false)]
    [InlineData("NET_ADMIN", "NET_ADMIN", true, true)]
    [InlineData("NET_ADMIN", "ALL", false, true)]
    public async Task Capabilities_AddedAndDropped_AsDockerHasThem(string add, string drop, bool chown, bool netAdmin)
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("grep CapEff /proc/self/status") with { CapabilitiesAdd = [add], CapabilitiesDrop = [drop] };
        var (_, log) = await test.RunToEndAsync(spec);
        var mask = Convert.ToUInt64(log.Trim().Split('\t')[1], 16);
        const int Chown = 0, NetAdmin = 12, NetRaw = 13;
        Assert.Equal(chown, (mask & (1UL << Chown)) != 0);
        Assert.Equal(netAdmin || add == "ALL", (mask & (1UL << NetAdmin)) != 0);
        Assert.Equal(drop == "NET_ADMIN", (mask & (1UL << NetRaw)) != 0);
    }

    [Fact]
    public async Task HostNetwork_Sys_HasNothingWritable()
    {
        await using var test = await TestEngine.StartAsync();
        var (_, log) = await test.RunToEndAsync(test.Spec("grep ' /sys' /proc/mounts"));
        Assert.Contains(" /sys ", log);
        Assert.All(
            log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains(" tmpfs ", StringComparison.Ordinal)),
            line => Assert.StartsWith("ro,", line.Split(' ')[3], StringComparison.Ordinal));
    }

    [Fact]
    public async Task User_DatabaseIsAFifo_IsRefusedAtOnce()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("true") with { User = "app" }, TestEngine.Timeout);
        var passwd = Path.Combine(created.RootDirectory, "etc/passwd");
        File.Delete(passwd);
        using var make = System.Diagnostics.Process.Start("mkfifo", passwd);
        await make.WaitForExitAsync(TestEngine.Timeout);
        var refused = await Assert.ThrowsAsync<ContainerStartException>(() => test.Containers.StartAsync(created.Id, TestEngine.Timeout));
        Assert.Contains("/etc/passwd", refused.Message);
    }

    [Theory]
    [InlineData("kernel.core_pattern")]
    [InlineData("vm.overcommit_memory")]
    [InlineData("net/../kernel/core_pattern")]
    [InlineData("net...kernel.core_pattern")]
    [InlineData("net.ipv4.ip_forward")]
    public async Task Sysctl_OfTheMachine_IsRefused(string name)
    {
        await using var test = await TestEngine.StartAsync();
        // The last one is a namespace's own, but this container has the machine's network.
        var spec = test.Spec("true") with { Sysctls = new Dictionary<string, string> { [name] = "1" } };
        var refused = await Assert.ThrowsAsync<EngineException>(() => test.Containers.CreateAsync(spec, TestEngine.Timeout));
        Assert.Contains(name, refused.Message);
        Assert.Empty(test.Containers.List());
    }

    [Fact]
    public async Task Sysctl_OfItsNamespaces_IsSet()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start") with
        {
            Namespaces = new ContainerNamespaces(),
            Sysctls = new Dictionary<string, string> { ["kernel.msgmax"] = "12345", ["net.ipv4.ip_unprivileged_port_start"] = "77" },
        };
        Assert.Equal("12345\n77\n", (await test.RunToEndAsync(spec)).Log);
    }

    [Fact]
    public async Task Seccomp_DefaultOrNoneOrAFile_Holds()
    {
        await using var test = await TestEngine.StartAsync();
        // Turning address randomization off for oneself needs no capability: only the profile can refuse it.
        ContainerSpec Spec() => test.Spec("linux64 -R true; echo $?; grep Seccomp: /proc/self/status");
        var (_, confined) = await test.RunToEndAsync(Spec());
        Assert.Contains("Operation not permitted", confined);
        Assert.Contains("1\nSeccomp:\t2\n", confined);
        Assert.Equal("0\nSeccomp:\t0\n", (await test.RunToEndAsync(Spec() with { Seccomp = SeccompProfile.Unconfined })).Log);
        Assert.Equal("0\nSeccomp:\t0\n", (await test.RunToEndAsync(Spec() with { Privileged = true })).Log);

        var file = Path.Combine(test.LogDirectory, "profile.json");
        await File.WriteAllTextAsync(
            file, """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":30}]}""");
        var (_, own) = await test.RunToEndAsync(test.Spec("mkdir /x; linux64 -R true; echo $?") with { Seccomp = SeccompProfile.Localhost(file) });
        Assert.Contains("Read-only file system", own);
        Assert.Contains("0\n", own);
        var missing = Spec() with { Seccomp = SeccompProfile.Localhost("/no/such/profile.json") };
        Assert.Contains("/no/such/profile.json", (await Assert.ThrowsAsync<ContainerStartException>(() => test.RunAsync(missing))).Message);
    }
}
