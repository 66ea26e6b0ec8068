using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Watch;

namespace Coxswain.ApiServer.Tables;

/// <summary>Turns objects into the tables that <c>kubectl get</c> prints (meta.k8s.io/v1 Table).</summary>
internal sealed class TableMaker(TimeProvider time)
{
    /// <param name="includeObject">None, Metadata (also when empty) or Object.</param>
    public Table Begin(ApiRequest request, string includeObject) => new(request, includeObject, time);

    /// <summary>A watch event whose object is a table of one row.</summary>
    public byte[] Frame(ApiRequest request, in WatchItem item, string includeObject, bool withColumns) => item.Entry is { } entry
        ? WatchFrame.Around(
            WatchFrame.NameOf(item.Type), Begin(request, includeObject).Make(new TableSource(entry, item.Revision), withColumns))
        : WatchFrame.Of(request.Resource, item);
}
