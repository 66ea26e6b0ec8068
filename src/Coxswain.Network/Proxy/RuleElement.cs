namespace Coxswain.Network.Proxy;

/// <summary>One element of one of the proxy's sets or maps, in nft's own words.</summary>
/// <param name="Set">The set's name; see <see cref="RuleNames"/>.</param>
/// <param name="Value">Empty in a set without values.</param>
internal readonly record struct RuleElement(string Set, string Key, string Value);

/// <summary>Names an element whatever its value.</summary>
internal readonly record struct RuleElementKey(string Set, string Key);
