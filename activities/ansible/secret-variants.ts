const SHORTEST = 4;
const SHORTEST_LINE = 8;

/**
 * The forms in which a secret may turn up in text (as it is, in JSON, in JSON within JSON, in a URL, in base64,
 * quoted for a shell, a line of it), longest first.
 */
export function secretVariants(secrets: readonly string[]): string[] {
  const variants = secrets.filter((secret) => secret.trim().length >= SHORTEST).flatMap(variantsOf);
  return [...new Set(variants)].filter((variant) => variant.length >= SHORTEST).sort((a, b) => b.length - a.length);
}

function variantsOf(secret: string): string[] {
  const json = inJson(secret);
  const lines = secret.split(/\r?\n/).map((line) => line.trim()).filter((line) => line.length >= SHORTEST_LINE);
  return [secret, secret.trim(), json, inJson(json), inAscii(json), inAscii(inJson(inAscii(json))), encodeURIComponent(secret.toWellFormed()),
    Buffer.from(secret).toString('base64'), secret.replaceAll("'", `'"'"'`), secret.replaceAll("'", "''"), secret.replaceAll("'", "\\'"),
    ...lines, ...lines.map(inJson)];
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

const inAscii = (json: string): string => json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
