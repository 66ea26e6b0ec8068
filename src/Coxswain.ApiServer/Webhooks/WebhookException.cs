namespace Coxswain.ApiServer.Webhooks;

/// <summary>A webhook could not be asked, or its answer cannot be used. The message is shown to whose request it was.</summary>
internal sealed class WebhookException(string message, Exception? inner = null) : Exception(message, inner);
