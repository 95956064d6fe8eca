/** A small valid spec, for tests to spoil. */
export const VALID = `version: 1
servers:
  web1: { address: 192.0.2.11, user: deploy }
  web2: { address: web2.example.net, user: deploy }
  lb1: { address: 192.0.2.30, user: deploy }
groups:
  eu:
    kind: cluster
    members: [web1, web2]
    balancers: [lb1]
projects:
  shop:
    app: drupal
    source: { git: "https://git.example.net/shop.git" }
    hooks:
      once: [bin/update]
    environments:
      live:
        group: eu
        ref: main
        domains: [shop.example.net]
`;

/** The valid spec with each first text replaced by its second; a text that is not in it is a mistake of the test. */
export const spoiled = (...edits: [from: string, to: string][]): string =>
  edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the valid spec holds no ${from}`);
    return text.replace(from, () => to);
  }, VALID);
