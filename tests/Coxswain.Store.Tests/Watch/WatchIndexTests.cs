using Coxswain.Store.Watch;

namespace Coxswain.Store.Tests.Watch;

public sealed class WatchIndexTests
{
    [Fact]
    public void Longest_RandomPrefixes_FindsExactlyTheMatching()
    {
        var random = new Random(7);
        string Word() => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => "ab/\uffff"[random.Next(4)]));
        var index = new WatchIndex();
        for (var round = 0; round < 400; round++)
        {
            var prefix = Word();
            if (index.Find(prefix) is not { } known)
            {
                index.Add(new WatchGroup(prefix, 0));
            }
            else if (random.Next(2) == 0)
            {
                index.Remove(known);
            }

            var key = Word() + Word();
            var found = new List<string>();
            for (var group = index.Longest(key); group is not null; group = group.Parent)
            {
                found.Add(group.Prefix);
            }

            Assert.Equal(
                index.Groups.Select(group => group.Prefix)
                    .Where(p => key.StartsWith(p, StringComparison.Ordinal))
                    .OrderByDescending(p => p.Length),
                found);
        }
    }
}
