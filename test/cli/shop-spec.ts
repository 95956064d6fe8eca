interface Asked {
  /** What stands for the address of a server, by its name; `user` is added. */
  servers: Record<string, string>;
  /** Of the group, beyond its kind. */
  group?: string;
  /** Of the environment, beyond its group and domain. */
  lines?: string;
}

/** The text of a spec with one static site on a cluster. */
export const shopSpec = ({ servers, group = 'members: [web1]', lines }: Asked): string => `version: 1
servers:
${Object.entries(servers)
  .map(([name, address]) => `  ${name}: { address: ${address}, user: deploy }\n`)
  .join('')}groups:
  eu-cluster: { kind: cluster, ${group} }
projects:
  shop:
    app: static
    source: { directory: ./shop }
    environments:
      live: { group: eu-cluster, domains: [shop.example.net]${lines === undefined ? '' : `, ${lines}`} }
`;
