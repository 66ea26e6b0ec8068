using System.Buffers;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Protobuf;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Tables;
using Coxswain.ApiServer.Watch;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Streams a watch: one JSON object a line, or protobuf messages after their lengths.</summary>
internal sealed class WatchEndpoint(ApiCore core, TableMaker tables, ServerLifetime lifetime)
{
    /// <summary>How much is handed to the connection at a time.</summary>
    private const int FlushBytes = 64 * 1024;

    private const string ProtobufStream = ProtobufDecoder.MediaType + ";stream=watch";

    public async Task HandleAsync(HttpContext context, ApiRequest request, ListParameters options)
    {
        var acceptance = AnswerFormatter.Accept(context, request);
        var isProtobuf = acceptance.Encoding == AnswerEncoding.Protobuf;
        var includeObject = AnswerFormatter.IncludeObject(context);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.Stopping);
        await using var session = await core.WatchAsync(request, options, ending.Token);
        var response = context.Response;
        response.StatusCode = 200;
        response.ContentType = isProtobuf ? ProtobufStream : HttpAnswer.Json;
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
                    var frame = acceptance.Form switch
                    {
                        _ when isProtobuf => ProtobufFrame.Of(request, item, isPartial: acceptance.Form != AnswerForm.Object),
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
            var status = KubeJson.Serialize(exception.Status);
            output.Write(isProtobuf ? ProtobufFrame.Error(status) : WatchFrame.Around("ERROR", status));
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
