// Validates HTML: reads one JSON string a line, answers each with one line of JSON: the complaints.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { HtmlValidate, StaticConfigLoader } = require("html-validate");

const checker = new HtmlValidate(
  new StaticConfigLoader({ root: true, extends: ["html-validate:standard", "html-validate:a11y"] }),
);

for await (const line of createInterface({ input: process.stdin })) {
  const report = await checker.validateString(JSON.parse(line));
  const complaints = report.results.flatMap((result) =>
    result.messages.map((each) => `${each.line}:${each.column} ${each.ruleId}: ${each.message}`),
  );
  process.stdout.write(`${JSON.stringify(complaints)}\n`);
}
