use darling::ast::Data;
use darling::util::{Flag, Ignored, SpannedValue};
use darling::{Error, FromDeriveInput, FromField, FromMeta, Result};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Path, Type, Visibility};

use super::index_syntax::WrittenIndex;
use crate::report::at;

/// What the author wrote on the struct.
#[derive(FromDeriveInput)]
#[darling(attributes(model), forward_attrs(doc))]
pub(super) struct ModelAttributes {
    pub(super) ident: Ident,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) data: Data<Ignored, FieldAttributes>,
    pub(super) live: Flag,
    /// Accepted, so that models can say so before there is a history.
    #[darling(rename = "history")]
    pub(super) _history: Flag,
    pub(super) identity: Flag,
    pub(super) name: Option<LitStr>,
    pub(super) plural: Option<LitStr>,
    pub(super) table: Option<LitStr>,
    #[darling(multiple)]
    pub(super) unique: Vec<WrittenIndex>,
    #[darling(multiple)]
    pub(super) index: Vec<WrittenIndex>,
    #[darling(rename = "crate")]
    pub(super) facade: Option<Path>,
}

/// What the author wrote on one field.
#[derive(FromField)]
#[darling(attributes(model), forward_attrs(garde, doc))]
pub(super) struct FieldAttributes {
    pub(super) ident: Option<Ident>,
    pub(super) vis: Visibility,
    pub(super) ty: Type,
    pub(super) attrs: Vec<Attribute>,
    pub(super) write: Option<SpannedValue<Writers>>,
    pub(super) read: Option<Readers>,
    pub(super) private: Flag,
    pub(super) search: Flag,
    pub(super) index: Flag,
    pub(super) unique: Flag,
    pub(super) references: Flag,
    pub(super) on_delete: Option<SpannedValue<OnDelete>>,
    pub(super) version: Flag,
    pub(super) overflow: Flag,
    pub(super) default: Option<DefaultValue>,
    pub(super) required: Flag,
    pub(super) column: Option<LitStr>,
    pub(super) rename: Option<LitStr>,
}

/// `write`, `write(role = "editor")`, `write(create, update(role = "admin"))`.
#[derive(Default, FromMeta)]
#[darling(from_word = Self::every_action, and_then = Self::some_action)]
pub(super) struct Writers {
    pub(super) create: Option<Writer>,
    pub(super) update: Option<Writer>,
    role: Option<LitStr>,
}

/// `create`, `create(role = "editor")`.
#[derive(Clone, FromMeta)]
#[darling(from_word = Self::everyone, and_then = Self::somebody)]
pub(super) struct Writer {
    pub(super) role: Option<LitStr>,
}

impl Writers {
    fn every_action() -> Result<Self> {
        Ok(Self { create: Some(Writer { role: None }), update: Some(Writer { role: None }), role: None })
    }

    fn some_action(self) -> Result<Self> {
        let Self { create, update, role } = self;
        match (role, create, update) {
            (Some(role), None, None) => {
                let writer = Writer { role: Some(role) }.somebody()?;
                Ok(Self { create: Some(writer.clone()), update: Some(writer), role: None })
            }
            (Some(role), ..) => {
                Err(at(&role, "say the role on the action that needs it: `update(role = \"…\")`"))
            }
            (None, None, None) => Err(Error::custom(
                "expected `write`, `write(create)`, `write(update)` or `write(role = \"…\")`",
            )),
            (None, create, update) => Ok(Self { create, update, role: None }),
        }
    }
}

impl Writer {
    fn everyone() -> Result<Self> {
        Ok(Self { role: None })
    }

    fn somebody(self) -> Result<Self> {
        let is_named = self.role.as_ref().is_some_and(|it| !it.value().is_empty());
        if is_named { Ok(self) } else { Err(Error::custom("expected a role's name: `role = \"…\"`")) }
    }
}

/// `read(role = "editor")`.
#[derive(FromMeta)]
#[darling(from_word = Self::nobody, and_then = Self::somebody)]
pub(super) struct Readers {
    role: Option<LitStr>,
}

impl Readers {
    fn nobody() -> Result<Self> {
        Err(Error::custom("expected a role's name: `read(role = \"…\")`"))
    }

    fn somebody(self) -> Result<Self> {
        if self.role.as_ref().is_some_and(|it| !it.value().is_empty()) { Ok(self) } else { Self::nobody() }
    }

    /// The role, which has a name.
    pub(super) fn role(&self) -> Option<&LitStr> {
        self.role.as_ref()
    }
}

/// `on_delete = cascade`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum OnDelete {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
}

impl FromMeta for OnDelete {
    fn from_expr(expr: &Expr) -> Result<Self> {
        const KNOWN: [&str; 4] = ["cascade", "no_action", "restrict", "set_null"];
        let word = if let Expr::Lit(ExprLit { lit: Lit::Str(it), .. }) = expr {
            Some(it.value())
        } else if let Expr::Path(ExprPath { path, .. }) = expr {
            path.get_ident().map(Ident::to_string)
        } else {
            None
        };
        let all = KNOWN.join("`, `");
        let word = word.ok_or_else(|| Error::custom(format!("expected one of `{all}`")).with_span(expr))?;
        match word.as_str() {
            "cascade" => Ok(Self::Cascade),
            "no_action" => Ok(Self::NoAction),
            "restrict" => Ok(Self::Restrict),
            "set_null" => Ok(Self::SetNull),
            other => Err(Error::unknown_value_with_alts(other, &KNOWN).with_span(expr)),
        }
    }
}

/// `default` or `default = expr`.
#[derive(Clone)]
pub(super) enum DefaultValue {
    OfType,
    Expr(Box<Expr>),
}

impl FromMeta for DefaultValue {
    fn from_word() -> Result<Self> {
        Ok(Self::OfType)
    }

    fn from_expr(expr: &Expr) -> Result<Self> {
        Ok(Self::Expr(Box::new(expr.clone())))
    }
}

impl FieldAttributes {
    /// The token for errors about the field as a whole.
    pub(super) fn token(&self) -> proc_macro2::Span {
        self.ident.as_ref().map_or_else(|| self.ty.span(), Ident::span)
    }
}
