using System.Globalization;
using System.Text;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>How a command ended, in the words of the kubelet.</summary>
internal static class CommandStatus
{
    public static Status Ended(int exitCode) => exitCode == 0
        ? new Status { StatusValue = "Success" }
        : new Status
        {
            StatusValue = "Failure",
            Reason = "NonZeroExitCode",
            Message = $"command terminated with non-zero exit code: exit status {exitCode}",
            Details = new StatusDetails
            {
                Causes = [new StatusCause { Reason = "ExitCode", Message = exitCode.ToString(CultureInfo.InvariantCulture) }],
            },
        };

    public static Status Failed(string message) => Statuses.InternalError(message);

    /// <summary>From the fourth version of the protocol on as JSON; before, only a failure is told, as text.</summary>
    public static byte[] Encode(Status status, bool isJson) =>
        isJson ? KubeJson.Serialize(status) : status.StatusValue == "Success" ? [] : Encoding.UTF8.GetBytes(status.Message);
}
