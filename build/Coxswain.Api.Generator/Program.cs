using Coxswain.Api.Generator;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: Coxswain.Api.Generator <folder of kubernetes-api> <output folder>");
    return 2;
}

var model = ApiModel.Load(args[0]);
Directory.CreateDirectory(args[1]);
foreach (var file in model.Files)
{
    var path = Path.Combine(args[1], $"{file.Namespace}.g.cs");
    File.WriteAllText(path, new FileWriter(model, file).Write());
}

return 0;
