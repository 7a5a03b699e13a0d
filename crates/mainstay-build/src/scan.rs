//! One file: what it declares for the application.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item as Syntax, ItemFn, ItemMod, ItemStruct, Meta, Visibility};

use crate::DISCOVERED;
use crate::fault::Fault;
use crate::kind::{Address, Kind, Rows};

/// What one file declares.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Below the source folder, with `/`.
    pub(crate) path: String,
    pub(crate) items: Vec<Item>,
    pub(crate) functions: Vec<Function>,
    /// Names of modules, or paths of files, that are only there for tests.
    pub(crate) tests: Vec<String>,
    /// Whether it has what is written as a module.
    pub(crate) has_discovered: bool,
}

/// Something with an attribute of the framework's over it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// Within the file's module, such as `Post` or `within::Post`.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) is_visible: bool,
    /// The conditions under which it is compiled.
    pub(crate) conditions: Vec<String>,
}

/// A function at the top of the file that others may call.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The first line of its documentation.
    pub(crate) about: String,
}

impl File {
    /// Reads `text`, the file at `path`.
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, Fault> {
        let syntax = syn::parse_file(text).map_err(|error| Fault::at(path, error.span(), unread(&error)))?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        let around = Around { conditions: conditions(&syntax.attrs), ..Around::default() };
        if !around.is_for_tests() {
            file.walk(&syntax.items, &around);
        }
        Ok(file)
    }

    fn walk(&mut self, items: &[Syntax], around: &Around) {
        for item in items {
            if let Syntax::Struct(it) = item {
                self.items.extend(model(it, around));
            } else if let Syntax::Fn(it) = item {
                self.function(it, around);
            } else if let Syntax::Mod(it) = item {
                self.module(it, around);
            } else if let Syntax::Macro(it) = item {
                self.has_discovered |= it.mac.tokens.to_string().contains(DISCOVERED);
            }
        }
    }

    fn module(&mut self, module: &ItemMod, around: &Around) {
        let within = around.within(module);
        match &module.content {
            Some((_, items)) if !within.is_for_tests() => self.walk(items, &within),
            None if module.ident == "discovered" => self.has_discovered = true,
            None if module
                .attrs
                .iter()
                .find_map(path_attribute)
                .is_some_and(|it| it.ends_with(DISCOVERED)) =>
            {
                self.has_discovered = true;
            }
            None if within.is_for_tests() => {
                let file = module.attrs.iter().find_map(path_attribute);
                self.tests.push(file.unwrap_or_else(|| module.ident.to_string()));
            }
            Some(_) | None => {}
        }
    }

    fn function(&mut self, function: &ItemFn, around: &Around) {
        if around.path.is_empty() && around.sees(&function.vis) {
            let about = function.attrs.iter().find_map(documentation).unwrap_or_default();
            self.functions.push(Function { name: function.sig.ident.to_string(), about });
        }
        for attribute in &function.attrs {
            let Some(kind) = framework_name(attribute).and_then(|it| Kind::of_attribute(&it)) else {
                continue;
            };
            let is_placed = matches!(kind, Kind::Endpoint(_)) && says_path(attribute);
            let kind = if is_placed { Kind::Endpoint(Address::Attribute) } else { kind };
            self.items.push(around.item(kind, &function.sig.ident, &function.vis, &function.attrs));
        }
    }
}

/// What a file that is not Rust is told.
fn unread(error: &syn::Error) -> String {
    match error.to_string() {
        lexer if lexer.contains("token stream") => {
            "a bracket or a text that is not closed, or none was opened".to_owned()
        }
        parser => parser,
    }
}

/// The inline modules around an item.
#[derive(Default)]
struct Around {
    path: String,
    is_hidden: bool,
    conditions: Vec<String>,
}

impl Around {
    fn within(&self, module: &ItemMod) -> Self {
        let conditions = self.conditions.iter().cloned().chain(conditions(&module.attrs)).collect();
        let path = format!("{}{}::", self.path, module.ident);
        Self { path, is_hidden: !self.sees(&module.vis), conditions }
    }

    fn is_for_tests(&self) -> bool {
        self.conditions.iter().any(|it| it == "test")
    }

    fn sees(&self, vis: &Visibility) -> bool {
        !self.is_hidden && !matches!(vis, Visibility::Inherited)
    }

    fn item(&self, kind: Kind, ident: &syn::Ident, vis: &Visibility, attrs: &[Attribute]) -> Item {
        let conditions = self.conditions.iter().cloned().chain(conditions(attrs)).collect();
        let name = format!("{}{ident}", self.path);
        Item { kind, name, span: ident.span(), is_visible: self.sees(vis), conditions }
    }
}

fn model(item: &ItemStruct, around: &Around) -> Option<Item> {
    let derives = item.attrs.iter().filter(|it| it.path().is_ident("derive"));
    let is_model = derives.flat_map(idents).any(|it| it == "Model");
    let marks = item.attrs.iter().filter(|it| it.path().is_ident("model"));
    let rows = if marks.flat_map(idents).any(|it| it == "identity") { Rows::Users } else { Rows::Plain };
    is_model.then(|| around.item(Kind::Model(rows), &item.ident, &item.vis, &item.attrs))
}

/// The words in an attribute's list, without those in brackets.
fn idents(attribute: &Attribute) -> Vec<String> {
    let words = list(attribute).into_iter().filter_map(|it| match it {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    });
    words.collect()
}

fn list(attribute: &Attribute) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

/// `hook` of `#[hook]` and of `#[mainstay::hook]`.
fn framework_name(attribute: &Attribute) -> Option<String> {
    let segments: Vec<_> = attribute.path().segments.iter().map(|it| it.ident.to_string()).collect();
    match &segments[..] {
        [name] => Some(name.clone()),
        [first, .., name] if first == "mainstay" => Some(name.clone()),
        _ => None,
    }
}

/// Whether an endpoint's attribute has a path that is not the value of an option.
fn says_path(attribute: &Attribute) -> bool {
    let mut is_value = false;
    list(attribute).into_iter().any(|token| {
        let found =
            matches!(&token, TokenTree::Literal(it) if !is_value && it.to_string().starts_with("\"/"));
        is_value = matches!(&token, TokenTree::Punct(it) if it.as_char() == '=');
        found
    })
}

fn conditions(attributes: &[Attribute]) -> Vec<String> {
    let conditions = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    conditions.map(|it| list(it).to_token_stream().to_string()).collect()
}

fn value(attribute: &Attribute, name: &str) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident(name).then(|| text.value())
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    value(attribute, "path")
}

fn documentation(attribute: &Attribute) -> Option<String> {
    value(attribute, "doc").map(|it| it.trim().trim_end_matches('.').to_owned())
}
