use mainstay::prelude::*;

use super::journals::append_to;
use super::models::{Account, NewAccount, done};

/// Accounts that are to be.
#[data]
pub(super) struct Opening {
    names: Vec<String>,
    balance: i64,
}

/// Opens accounts.
#[mutation(queue = "accounts", path = "account.open")]
pub(super) async fn open_accounts(tx: &mut Tx, input: Opening) -> Result<()> {
    for name in input.names {
        NewAccount { name, balance: input.balance }.insert(tx).await?;
    }
    Ok(())
}

/// Money on its way.
#[data]
pub(super) struct Transfer {
    op: String,
    from: String,
    to: String,
    amount: i64,
}

/// Why nothing was moved.
#[derive(ErrorSet)]
pub(super) enum TransferError {
    /// There is too little.
    #[error(status = 409, code = "insufficient", "{balance} are not enough")]
    Insufficient {
        /// What there is.
        balance: i64,
    },
    /// Anything else.
    #[error(other)]
    Other(Error),
}

/// Moves money, and writes it into the journal of the account that it leaves.
#[mutation(queue = "accounts", path = "account.transfer")]
pub(super) async fn transfer(tx: &mut Tx, input: Transfer) -> Result<(), TransferError> {
    let Transfer { op, from, to, amount } = input;
    let from = find(tx, &from).await?;
    let to = find(tx, &to).await?;
    if from.balance < amount {
        return Err(TransferError::Insufficient { balance: from.balance });
    }
    let journal = from.name.clone();
    from.update(tx, |it| it.balance -= amount).await?;
    to.update(tx, |it| it.balance += amount).await?;
    append_to(tx, &journal, &op).await?;
    done(tx, &op).await?;
    Ok(())
}

async fn find(tx: &Tx, name: &str) -> Result<Account> {
    let account = Account::filter(Account::NAME.eq(name)).first(tx).await?;
    account.ok_or_else(|| Error::http(404, "account_not_found", format!("no account `{name}`")))
}
