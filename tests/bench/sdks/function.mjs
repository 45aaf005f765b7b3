// The floor's work with AWS's SDK for JavaScript, as a function of a few lines.
//
// `make bench` bundles and minifies it, as such functions are deployed. The Lambda Runtime API is served by
// `node:http`; AWS's runtime client, which a function has on Lambda, would come on top.

import http from "node:http";
import {
  GetOpportunityCommand,
  PartnerCentralSellingClient,
  UpdateOpportunityCommand,
} from "@aws-sdk/client-partnercentral-selling";

const CATALOG = "Sandbox";
const NOT_SENT = [
  "Id", "Arn", "CreatedDate", "OpportunityTeam", "RelatedEntityIdentifiers", "$metadata",
];
const INVOCATION = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

const agent = new http.Agent({ keepAlive: true });
const partnerCentral = new PartnerCentralSellingClient({});

/** Does what a merge patch asks for, where it asks for members of sections. */
async function write(event) {
  const Identifier = event.rawPath.split("/").at(-1);
  const opportunity = await partnerCentral.send(
    new GetOpportunityCommand({ Catalog: CATALOG, Identifier }),
  );
  for (const name of NOT_SENT) delete opportunity[name];
  for (const [section, members] of Object.entries(JSON.parse(event.body))) {
    Object.assign(opportunity[section], members);
  }
  await partnerCentral.send(new UpdateOpportunityCommand({ ...opportunity, Identifier }));
  return { statusCode: 200, body: "{}" };
}

function send(method, url, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main() {
  for (;;) {
    const { headers, text } = await send("GET", `${INVOCATION}/next`);
    const answer = JSON.stringify(await write(JSON.parse(text)));
    await send("POST", `${INVOCATION}/${headers["lambda-runtime-aws-request-id"]}/response`, answer);
  }
}

main();
