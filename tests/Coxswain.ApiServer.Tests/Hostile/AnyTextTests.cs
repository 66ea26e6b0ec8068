using Coxswain.Api.Errors;
using Coxswain.ApiServer.Http;
using Coxswain.ApiServer.Resources;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Coxswain.ApiServer.Tests.Hostile;

/// <summary>Any text a client sends is understood or refused; nothing else.</summary>
public sealed class AnyTextTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly string[] Words =
    [
        "api", "apis", "v1", "apps", "namespaces", "default", "pods", "watch", "status", "finalize", "configmaps", "proxy", "log", "scale",
        "..", "%2f", "a:b", "", "é", "customresourcedefinitions", "apiextensions.k8s.io", "openapi", "v3", "healthz", "token",
    ];

    private static readonly string[] Options =
    [
        "labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "limit", "continue", "allowWatchBookmarks", "sendInitialEvents",
        "timeoutSeconds",
    ];

    [Fact]
    public void Path_OfAnyText_IsRead() =>
        Prop.ForAll(Paths(), path => RequestInfo.Parse(path).Name is not null).Check(Runs);

    [Fact]
    public void ContinueToken_OfAnyText_IsRefusedAndItsOwnIsRead() =>
        Prop.ForAll<NonNull<string>, long, NonNull<string>>((text, revision, key) =>
        {
            var token = new ContinueToken(revision, key.Get.Replace("\ud800", "", StringComparison.Ordinal));
            return IsRefusedOrRead(() => ContinueToken.Decode(text.Get))
                && (key.Get.Any(char.IsSurrogate) || ContinueToken.Decode(token.Encode()) == token);
        }).Check(Runs);

    [Fact]
    public void Query_OfAnyText_IsReadOrRefused() =>
        Prop.ForAll<NonNull<string>, int>((text, option) =>
        {
            var name = Options[Math.Abs(option % Options.Length)];
            var query = new QueryCollection(new Dictionary<string, StringValues> { [name] = text.Get });
            return IsRefusedOrRead(() => RequestQuery.ReadList(query));
        }).Check(Runs);

    private static Arbitrary<string> Paths() =>
        Gen.OneOf(Gen.Elements(Words), ArbMap.Default.GeneratorFor<string>()).ArrayOf().Select(parts => "/" + string.Join('/', parts)).ToArbitrary();

    private static bool IsRefusedOrRead<T>(Func<T> read)
    {
        try
        {
            _ = read();
            return true;
        }
        catch (KubeStatusException exception)
        {
            return exception.Status.Code is >= 400 and < 500;
        }
    }
}
