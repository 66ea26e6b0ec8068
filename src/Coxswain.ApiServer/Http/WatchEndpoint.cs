using System.Buffers;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Tables;
using Coxswain.ApiServer.Watch;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Streams a watch as one JSON object a line.</summary>
internal sealed class WatchEndpoint(ApiCore core, TableMaker tables, ServerLifetime lifetime)
{
    /// <summary>How much is handed to the connection at a time.</summary>
    private const int FlushBytes = 64 * 1024;

    public async Task HandleAsync(HttpContext context, ApiRequest request, ListParameters options)
    {
        var form = AnswerFormatter.Accept(context).Form;
        var includeObject = AnswerFormatter.IncludeObject(context);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.Stopping);
        await using var session = await core.WatchAsync(request, options, ending.Token);
        var response = context.Response;
        response.StatusCode = 200;
        response.ContentType = HttpAnswer.Json;
        HttpAnswer.Warn(context, request.Warnings);
        await response.StartAsync(ending.Token);
        await response.BodyWriter.FlushAsync(ending.Token);
        var output = response.BodyWriter;
        var isFirst = true;
        try
        {
            while (await session.ReadAsync(ending.Token) is { } items)
            {
                var pending = 0;
                foreach (var item in items)
                {
                    var frame = form switch
                    {
                        AnswerForm.Table => tables.Frame(request, item, includeObject, withColumns: isFirst),
                        AnswerForm.PartialObjectMetadata or AnswerForm.PartialObjectMetadataList => PartialFrame(request, item),
                        _ => WatchFrame.Of(request.Resource, item),
                    };
                    isFirst &= item.Entry is null;
                    output.Write(frame);
                    pending += frame.Length;
                    if (pending >= FlushBytes)
                    {
                        pending = 0;
                        await output.FlushAsync(ending.Token);
                    }
                }

                if ((await output.FlushAsync(ending.Token)).IsCompleted)
                {
                    return;
                }
            }
        }
        catch (KubeStatusException exception)
        {
            output.Write(WatchFrame.Around("ERROR", KubeJson.Serialize(exception.Status)));
            await output.FlushAsync(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client left or the server stops: the answer simply ends.
        }
        catch (ObjectDisposedException) when (ending.IsCancellationRequested)
        {
        }
    }

    private static byte[] PartialFrame(ApiRequest request, in WatchItem item)
    {
        if (item.Entry is not { } entry)
        {
            return WatchFrame.Of(request.Resource, item);
        }

        return WatchFrame.Around(WatchFrame.NameOf(item.Type), PartialMetadata.Encode(entry, item.Revision));
    }
}
