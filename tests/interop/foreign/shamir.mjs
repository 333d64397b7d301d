// Splits and combines with the npm package `shamir-secret-sharing`: one JSON question a line, one answer a line.
import { combine, split } from "shamir-secret-sharing";
import { createInterface } from "node:readline";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (some) => Buffer.from(some).toString("hex");

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, count, needed, shares } = JSON.parse(line);
  const answer = shares ? hex(await combine(shares.map(bytes))) : (await split(bytes(secret), count, needed)).map(hex);
  console.log(JSON.stringify(answer));
}
