using System.Text.Json;
using System.Text.Json.Serialization;

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://*:1337");
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(options =>
{
    options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
    options.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default);
});

var app = builder.Build();
app.MapGet("/recipes/{id:int}", (int id) => id == 42
    ? Results.Ok(new Answer(Environment.ProcessId, Environment.MachineName, Recipes.ChickenTikkaMasala))
    : Results.NotFound(new Problem("not_found")));
Console.WriteLine("recipe-api listens on port 1337");
app.Run();

internal sealed record Ingredient(int Id, string Name, string Quantity);

internal sealed record Recipe(int Id, string Name, string Steps, Ingredient[] Ingredients);

internal sealed record Answer(int ProducerPid, string ProducerHost, Recipe Recipe);

internal sealed record Problem(string Error);

internal static class Recipes
{
    public static readonly Recipe ChickenTikkaMasala = new(42, "Chicken Tikka Masala", "Throw it in a pot...",
    [
        new Ingredient(1, "Chicken", "1 lb"),
        new Ingredient(2, "Sauce", "2 cups"),
    ]);
}

[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class Json : JsonSerializerContext;
