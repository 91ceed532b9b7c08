//! Values of the types in the WIT texts.

use postlogin_abi::{WIT_FILES, methods::Method};
use wasmtime::component::Val;
use wit_parser::{Function, Resolve, SourceMap, Type, TypeDefKind};

/// Which options of a sample are given.
#[derive(Clone, Copy)]
pub(super) enum Options {
    All,
    None,
}

/// The contract, as its texts say it.
pub(super) struct Wit(Resolve);

impl Wit {
    pub(super) fn read() -> Wit {
        let mut files = SourceMap::new();
        for (name, text) in WIT_FILES {
            files.push_str(name, *text);
        }
        let mut resolve = Resolve::new();
        let group = files.parse().expect("the texts are WIT");
        resolve
            .push_group(group)
            .expect("the texts belong together");
        Wit(resolve)
    }

    pub(super) fn function(&self, method: &Method) -> &Function {
        let interface =
            self.0.interfaces.iter().find(|(_, interface)| {
                interface.name.as_deref() == Some(method.interface().as_str())
            });
        let functions = interface.map(|(_, interface)| &interface.functions);
        functions
            .and_then(|functions| functions.get(&method.function()))
            .unwrap_or_else(|| panic!("{} has no function", method.path))
    }

    /// A value of each parameter.
    pub(super) fn parameters(&self, method: &Method, options: Options) -> Vec<Val> {
        let parameters = &self.function(method).params;
        let samples = parameters
            .iter()
            .map(|param| self.sample(&param.ty, options));
        samples.collect()
    }

    fn sample(&self, ty: &Type, options: Options) -> Val {
        match ty {
            Type::Bool => Val::Bool(true),
            Type::U32 => Val::U32(7),
            Type::F64 => Val::Float64(1.5),
            Type::String => Val::String("text".to_owned()),
            Type::Id(id) => match &self.0.types[*id].kind {
                // `json`, the only text with a name.
                TypeDefKind::Type(Type::String) => Val::String(r#"{"n": 1.0}"#.to_owned()),
                TypeDefKind::Type(other) => self.sample(other, options),
                TypeDefKind::Record(record) => Val::Record(
                    record
                        .fields
                        .iter()
                        .map(|field| (field.name.clone(), self.sample(&field.ty, options)))
                        .collect(),
                ),
                TypeDefKind::Tuple(tuple) => Val::Tuple(
                    tuple
                        .types
                        .iter()
                        .map(|ty| self.sample(ty, options))
                        .collect(),
                ),
                TypeDefKind::Enum(cases) => Val::Enum(cases.cases[0].name.clone()),
                TypeDefKind::List(item) => Val::List(vec![self.sample(item, options)]),
                TypeDefKind::Option(inner) => Val::Option(match options {
                    Options::All => Some(Box::new(self.sample(inner, options))),
                    Options::None => None,
                }),
                other => panic!("no sample of {other:?}"),
            },
            other => panic!("no sample of {other:?}"),
        }
    }

    /// Whether wasmtime takes the value for the type.
    pub(super) fn fits(&self, ty: &Type, value: &Val) -> bool {
        let all = |types: &[Type], values: &[Val]| {
            types.len() == values.len()
                && types
                    .iter()
                    .zip(values)
                    .all(|(ty, value)| self.fits(ty, value))
        };
        let maybe = |ty: &Option<Type>, value: &Option<Box<Val>>| match (ty, value) {
            (Some(ty), Some(value)) => self.fits(ty, value),
            (ty, value) => ty.is_none() && value.is_none(),
        };
        match (ty, value) {
            (Type::Bool, Val::Bool(_))
            | (Type::String, Val::String(_))
            | (Type::S64, Val::S64(_)) => true,
            (Type::Id(id), value) => match (&self.0.types[*id].kind, value) {
                (TypeDefKind::Type(ty), value) => self.fits(ty, value),
                (TypeDefKind::Option(ty), Val::Option(value)) => {
                    value.as_ref().is_none_or(|value| self.fits(ty, value))
                }
                (TypeDefKind::Result(result), Val::Result(Ok(value))) => maybe(&result.ok, value),
                (TypeDefKind::Result(result), Val::Result(Err(value))) => maybe(&result.err, value),
                (TypeDefKind::Record(record), Val::Record(fields)) => {
                    let (names, values): (Vec<_>, Vec<_>) = fields.iter().cloned().unzip();
                    let types: Vec<_> = record.fields.iter().map(|field| field.ty).collect();
                    names
                        .iter()
                        .eq(record.fields.iter().map(|field| &field.name))
                        && all(&types, &values)
                }
                _ => false,
            },
            _ => false,
        }
    }
}
