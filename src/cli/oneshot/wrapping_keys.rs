//! `--wrapping-keys key=ARN ...`, once for each group of keys.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::pairs::pair;
use crate::cli::failure::Failure;
use crate::keyring::{AwsKmsOptions, Discovery, KeyringOptions, KmsConnection, MultiOptions};

const ID: &str = "wrapping_keys";
const ATTRIBUTES: [&str; 7] = [
    "key",
    "region",
    "profile",
    "discovery",
    "discovery-account",
    "discovery-partition",
    "provider",
];

/// The groups in the order of the command line; derive cannot tell them apart.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct WrappingKeys(Vec<Vec<String>>);

impl Args for WrappingKeys {
    fn augment_args(command: Command) -> Command {
        command.arg(
            Arg::new(ID)
                .short('w')
                .long("wrapping-keys")
                .aliases(["master-keys", "master-key"])
                .short_alias('m')
                .value_name("ATTRIBUTE=VALUE")
                .num_args(1..)
                .action(ArgAction::Append)
                .help(
                    "AWS KMS keys: key=ARN [key=ARN ...] [region=REGION] [profile=NAME], or to decrypt with \
                       whichever key a message names: discovery=true [discovery-account=ID ... \
                       discovery-partition=aws]. The first key of the first group makes the data key",
                ),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for WrappingKeys {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let groups = matches.get_occurrences::<String>(ID);
        Ok(Self(groups.map_or_else(Vec::new, |groups| {
            groups.map(|group| group.cloned().collect()).collect()
        })))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl WrappingKeys {
    /// Whether none was given.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One keyring of all groups.
    pub(super) fn options(
        &self,
        endpoint_url: Option<&str>,
        to_seal: bool,
    ) -> Result<KeyringOptions, Failure> {
        let mut groups = Vec::new();
        for group in &self.0 {
            let options = aws_kms(group, endpoint_url)?;
            if to_seal && options.discovery.is_some() {
                return Err(Failure::usage("--wrapping-keys discovery=true cannot encrypt")
                    .with_help("name the key: --wrapping-keys key=ARN"));
            }
            if let Some(fault) = options.fault() {
                return Err(Failure::usage(format!("--wrapping-keys: {fault}")));
            }
            groups.push(KeyringOptions::AwsKms(options));
        }
        let mut groups = groups.into_iter();
        let first = groups
            .next()
            .ok_or_else(|| Failure::usage("--wrapping-keys is missing"))?;
        let children: Vec<KeyringOptions> = groups.collect();
        if children.is_empty() {
            return Ok(first);
        }
        let generator = Box::new(first);
        Ok(KeyringOptions::Multi(MultiOptions { generator, children }))
    }
}

/// The values of a group's attributes.
struct Group(Vec<(String, String)>);

impl Group {
    fn all(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let of_attribute = move |(name, _): &&(String, String)| name == attribute;
        self.0
            .iter()
            .filter(of_attribute)
            .map(|(_, value)| value.as_str())
    }

    fn at_most_one(&self, attribute: &str) -> Result<Option<String>, Failure> {
        let mut values = self.all(attribute);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Failure::usage(format!("--wrapping-keys takes one {attribute}"))),
            (value, None) => Ok(value.map(str::to_owned)),
        }
    }
}

fn aws_kms(texts: &[String], endpoint_url: Option<&str>) -> Result<AwsKmsOptions, Failure> {
    let pairs: Result<Vec<_>, _> = texts.iter().map(|text| pair(text)).collect();
    let group = Group(pairs.map_err(|why| Failure::usage(format!("--wrapping-keys: {why}")))?);
    if let Some((name, _)) = group
        .0
        .iter()
        .find(|(name, _)| !ATTRIBUTES.contains(&name.as_str()))
    {
        return Err(
            Failure::usage(format!("--wrapping-keys has no attribute {name:?}"))
                .with_help(format!("it has {}", ATTRIBUTES.join(", "))),
        );
    }
    if let Some(provider) = group.all("provider").find(|name| !name.ends_with("aws-kms")) {
        return Err(Failure::usage(format!("provider {provider:?} is not known"))
            .with_help("local keys are configured: --config FILE --keyring NAME"));
    }
    let keys = group.all("key").map(|key| key.parse().map_err(Failure::usage));
    Ok(AwsKmsOptions {
        keys: keys.collect::<Result<_, _>>()?,
        discovery: discovery(&group)?,
        connection: KmsConnection {
            region: group.at_most_one("region")?,
            profile: group.at_most_one("profile")?,
            endpoint_url: endpoint_url.map(str::to_owned),
            ..KmsConnection::default()
        },
        ..AwsKmsOptions::default()
    })
}

fn discovery(group: &Group) -> Result<Option<Discovery>, Failure> {
    let filter = Discovery {
        partition: group.at_most_one("discovery-partition")?,
        accounts: group.all("discovery-account").map(str::to_owned).collect(),
    };
    let wanted = match group.at_most_one("discovery")? {
        None => false,
        Some(text) => truth(&text)
            .ok_or_else(|| Failure::usage(format!("discovery={text:?} is neither true nor false")))?,
    };
    if !wanted && filter != Discovery::default() {
        return Err(Failure::usage(
            "discovery-account and discovery-partition need discovery=true",
        ));
    }
    Ok(wanted.then_some(filter))
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Some(true),
        "false" | "f" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}
