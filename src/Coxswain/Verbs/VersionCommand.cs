using System.CommandLine;
using Coxswain.ApiServer;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs;

/// <summary><c>coxswain version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Print the versions of Coxswain and of the Kubernetes API it serves");
        command.SetAction(_ =>
        {
            Terminal.Out.WriteLine($"coxswain {CoxswainVersion.Product} (Kubernetes API {ServerVersion.Kubernetes}, commit {CoxswainVersion.Commit})");
            return 0;
        });
        return command;
    }
}
