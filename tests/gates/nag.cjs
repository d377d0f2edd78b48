// cdk-nag's AwsSolutions rules over templates: `node nag.cjs MODULES FILE...` prints {FILE: [[rule, resource, text], ...]}.
const path = require("node:path");

const [modules, ...files] = process.argv.slice(2);
const need = (name) => require(path.join(modules, name));
const { App, Stack } = need("aws-cdk-lib");
const { CfnInclude } = need("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks } = need("cdk-nag");

// Each template is read into a tree of its own and the rules asked about that: nothing has to be synthesised.
function findings(templateFile) {
  const app = new App();
  const stack = new Stack(app, "S", { env: { account: "111122223333", region: "eu-west-1" } });
  new CfnInclude(stack, "T", { templateFile });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => [ruleName, constructPath.split("/").pop(), description]));
}

console.log(JSON.stringify(Object.fromEntries(files.map((file) => [file, findings(file)]))));
