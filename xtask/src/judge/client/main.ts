// A client by types of the blog's description alone: creates a post, lists it, reads it, and meets two refusals.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const [address, token] = process.argv.slice(2);
if (address === undefined || token === undefined) throw new Error("expected an address and a token");

const api = createClient<paths, "application/json">({
  baseUrl: address,
  headers: { authorization: `Bearer ${token}` },
  querySerializer: { array: { style: "form", explode: false } },
});

function expect(what: string, holds: boolean): void {
  if (!holds) throw new Error(`expected ${what}`);
  console.log(`ok ${what}`);
}

const draft: components["schemas"]["NewPost"] = { title: "typed", tags: ["ts"], status: "in_review" };
const created = await api.POST("/v1/posts", { body: draft });
if (created.data === undefined) throw new Error(JSON.stringify(created.error));
const post: components["schemas"]["Post"] = created.data.result;
expect("the row as it is stored", post.title === "typed" && post.status === "in_review" && !post.published);

const listed = await api.GET("/v1/posts", {
  params: {
    query: {
      "where[title]": { prefix: "typ" },
      "where[status]": { eq: "in_review" },
      sort: ["-createdAt", "title"],
      select: ["title", "tags"],
      limit: 5,
    },
  },
});
if (listed.data === undefined) throw new Error(JSON.stringify(listed.error));
const found = listed.data.result.posts.find((it) => it.id === post.id);
expect("the filtered list to hold it", found?.title === "typed" && found.tags?.[0] === "ts");
expect("nothing that was not selected", found !== undefined && !("type" in found));

const params = { path: { id: post.id } };
const read = await api.GET("/v1/posts/{id}", { params: { ...params, query: { expand: ["user"] } } });
const author = read.data?.result.user;
expect("the author in the place of the reference", typeof author === "object" && author?.type === "user");

const tag = created.response.headers.get("etag") ?? "";
const changed = await api.PUT("/v1/posts/{id}", { params: { ...params, header: { "If-Match": tag } }, body: { published: true } });
expect("the change", changed.data?.result.published === true);

const stale = await api.PUT("/v1/posts/{id}", { params: { ...params, header: { "If-Match": tag } }, body: { published: false } });
expect("a stale version to be refused", stale.error?.error === "stale_version");

const wrong = await api.POST("/v1/posts", { body: { title: "" } });
expect("the field at fault", wrong.response.status === 422 && wrong.error?.data?.fields?.[0]?.field === "title");

const gone = await api.DELETE("/v1/posts/{id}", { params });
expect("its end", gone.data?.result.id === post.id);
