using Coxswain.Api.Meta.V1;
using Coxswain.Api.Protobuf;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Watch;

namespace Coxswain.ApiServer.Http;

/// <summary>One event of a watch as protobuf. The message of an object that is stored is made once for all its watchers.</summary>
internal static class ProtobufFrame
{
    public static byte[] Of(ApiRequest request, in WatchItem item, bool isPartial)
    {
        var kind = isPartial ? ProtobufAnswer.PartialKind : request.Resource.Kind;
        var message = item.Entry is not { } entry ? ProtobufEncoder.Message(kind, WatchFrame.BookmarkObject(request.Resource, item))
            : isPartial ? ProtobufAnswer.PartialMessageOf(entry, item.Revision)
            : ProtobufAnswer.MessageOf(kind, entry, item.Revision);
        return ProtobufEncoder.Frame(WatchFrame.NameOf(item.Type), kind, message);
    }

    public static byte[] Error(byte[] status) => ProtobufEncoder.Frame("ERROR", Status.ObjectKind, ProtobufEncoder.Message(Status.ObjectKind, status));
}
